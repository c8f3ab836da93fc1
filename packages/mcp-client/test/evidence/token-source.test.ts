import { AttestationProvider, KeyPair } from "@attest/core";
import { describe, expect, test, vi } from "vitest";
import { readTokenSource } from "../../src/evidence/token-source.js";
import { attestTransport, type TokenSource } from "../../src/index.js";
import { AUDIENCE, agentIdentity } from "../support/agent.ts";
import { silentServer } from "../support/silent-server.ts";

const SECRET = "eyJhbGciOiJFZERTQSJ9.eyJzZWNyZXQiOjF9.c2lnbmF0dXJl";

describe("a token source", () => {
  test.each([
    [
      "an HTML page",
      `<!doctype html><title>${SECRET}</title>`,
      /an HTML or XML page: check the provider's URL/,
    ],
    ["an HTML page after white space", `\n  <html>${SECRET}`, /an HTML or XML page/],
    ["JSON", `{"token":"${SECRET}"}`, /got JSON: return the member that holds the token/],
    ["a JSON list", `["${SECRET}"]`, /got JSON/],
    ["JSON text", `"${SECRET}"`, /text in quotes/],
    ["a trailing newline", `${SECRET}\n`, /white space around it: trim it/],
    ["leading white space", ` ${SECRET}`, /white space around it: trim it/],
    ["a byte order mark", `\uFEFF${SECRET}`, /white space around it|characters that no token has/],
    ["an authorization scheme", `Bearer ${SECRET}`, /authorization scheme before the token/],
    ["two lines of it", `${SECRET}\n${SECRET}`, /characters that no token has/],
    ["padded base64", `${SECRET}==`, /characters that no token has/],
    ["a control character", `${SECRET}\u001b[31m`, /characters that no token has/],
    ["empty text", "", /an empty string/],
    ["nothing", undefined, /got undefined/],
    ["null", null, /got null/],
    ["an object", { token: SECRET }, /got object/],
    ["a Response", new Response(SECRET), /got a Response|got object/],
  ])("that returns %s is said, without a word of what it returned", async (_, given, message) => {
    const { transport } = await silentServer();
    const getToken = (async () => given) as () => Promise<string>;
    attestTransport(transport, { getToken });
    const initialize = { jsonrpc: "2.0", id: 1, method: "initialize", params: {} } as const;
    const error: unknown = await transport.send(initialize).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    const said = (error as Error).message;
    expect(said).toMatch(message);
    expect(said).toMatch(/^getToken must return a token, got /);
    for (const part of [...SECRET.split("."), "\u001b", "\n"]) expect(said).not.toContain(part);
  });

  test("is called as the method that it is", async () => {
    class Source {
      readonly #token = SECRET;
      targetAudience = AUDIENCE;
      getToken({ audience }: { audience: string | undefined }) {
        return `${this.#token}.${audience?.length}`;
      }
    }
    await expect(readTokenSource("test", new Source()).getToken()).resolves.toBe(
      `${SECRET}.${AUDIENCE.length}`,
    );
  });

  test("with a provider's key asks for all that it is told", async () => {
    const provider = new AttestationProvider({
      issuer: "https://id.example.com",
      keyPair: KeyPair.generate(),
    });
    const createToken = vi.spyOn(provider, "createToken");
    const source = {
      attestationProvider: provider,
      agentIdentity,
      targetAudience: AUDIENCE,
      subject: "spiffe://example.com/a",
    };
    await readTokenSource("test", source).getToken();
    expect(createToken).toHaveBeenCalledExactlyOnceWith({
      identity: agentIdentity,
      audience: AUDIENCE,
      subject: "spiffe://example.com/a",
      integrity: undefined,
      metadata: undefined,
    });
  });

  test("is refused when an option is wrong, with the option's name", () => {
    const getToken = () => SECRET;
    const attestationProvider = { createToken: async () => SECRET };
    const local = { attestationProvider, agentIdentity, targetAudience: "a" };
    const sources: readonly (readonly [RegExp, unknown])[] = [
      [/test needs a token source, got string: give either getToken/, "token"],
      [/test takes an object of options/, [getToken]],
      [/clock must be a Clock/, { getToken, clock: {} }],
      [/clock must be a Clock/, { getToken, clock: Date.now }],
      [/observer must be an AttestationObserver/, { getToken, observer: () => undefined }],
      [/requireVerification must be true or false/, { getToken, requireVerification: "yes" }],
      [/requireVerification is present but undefined/, { getToken, requireVerification: undefined }],
      [/attestationProvider must be an AttestationProvider/, { ...local, attestationProvider: {} }],
      [/agentIntegrity must be an AgentIntegrity, got string/, { ...local, agentIntegrity: "sha256:…" }],
      [/attestationMetadata must be an AttestationMetadata/, { ...local, attestationMetadata: true }],
      [/subject must be a non-empty string/, { ...local, subject: "" }],
      [/subject is of no use beside getToken/, { getToken, subject: "spiffe://a.example/b" }],
      [/unknown option "getTokens"; did you mean "getToken"/, { getTokens: getToken }],
    ];
    for (const [message, source] of sources) {
      expect(() => readTokenSource("test", source as TokenSource)).toThrow(message);
    }
  });
});
