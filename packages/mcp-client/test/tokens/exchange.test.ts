import {
  type AttestationVerifier,
  createProof,
  KeyPair,
  AttestationVerifier as Verifier,
} from "@attest/core";
import { HTTPKeyResolver } from "@attest/jwks";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { readTokenSource } from "../../src/evidence/token-source.js";
import { type ExchangeOptions, exchange, TokenSourceError } from "../../src/tokens.js";
import { AUDIENCE } from "../support/agent.ts";
import { type IssuerProgram, rule, startIssuer } from "./support/issuer-program.ts";
import { githubClaims, type Platform, serve, startPlatform } from "./support/platform.ts";

const NAME = "https://attest.corp.example";
const OWN = { repository_owner_id: "65", repository_id: "74", ref: "refs/heads/main" };
const BOUND_ONLY = { ...OWN, ref: "refs/heads/bound" };

let platform: Platform;
let issuer: IssuerProgram;
/** The same, under a name that is not its address. */
let named: IssuerProgram;
beforeAll(async () => {
  platform = await startPlatform();
  const policyFor = (audience: string) => ({
    platforms: {
      github: { type: "github", issuer: platform.issuer, audience, allowInsecure: "loopback" },
      down: {
        issuer: "http://127.0.0.1:9",
        audience,
        allowInsecure: "loopback",
      },
    },
    rules: [
      rule("release bot", "github", OWN),
      rule("bound bot", "github", BOUND_ONLY, { requireBinding: true }),
      rule("nobody", "down", { sub: "x" }),
    ],
  });
  [issuer, named] = await Promise.all([startIssuer(policyFor), startIssuer(policyFor, NAME)]);
});
afterAll(async () => {
  await Promise.all([issuer.close(), named.close()]);
  platform.close();
});

const tokenOf = (changes: object = {}, audience = issuer.origin) =>
  platform.token(githubClaims(platform.issuer, audience, changes));

function source(options: Partial<ExchangeOptions> = {}) {
  return exchange({
    url: issuer.origin,
    subjectToken: () => tokenOf(),
    allowInsecure: "loopback",
    ...options,
  });
}

/** Gets a token as a client does that proves `key`, or nothing. */
function getToken(getToken: ReturnType<typeof exchange>, key?: KeyPair): Promise<string> {
  const options = { getToken, targetAudience: AUDIENCE, ...(key === undefined ? {} : { key }) };
  return readTokenSource("a client", options).getToken();
}

async function refusalOf(promise: Promise<unknown>): Promise<TokenSourceError> {
  const error: unknown = await promise.then(() => undefined).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TokenSourceError);
  return error as TokenSourceError;
}

function verifier(): AttestationVerifier {
  const keyResolver = new HTTPKeyResolver({ allowInsecure: "loopback" });
  return new Verifier({
    trustedIssuers: [{ issuer: issuer.origin, trustDomains: ["corp.example"] }],
    keyResolver,
    audience: AUDIENCE,
  });
}

describe("exchange, at a real issuer", () => {
  test("gets an attestation that a server verifies, and that works once", async () => {
    const token = await getToken(source());
    const server = verifier();
    expect(await server.verify(token)).toMatchObject({
      verified: true,
      trustLevel: "enterprise",
      subject: "spiffe://corp.example/agent/release-bot",
    });
    expect(await server.verify(token)).toMatchObject({ verified: false, errorCode: 1006 });
  });

  test("gets one that is bound to the client's key, which is worth nothing without it", async () => {
    const key = KeyPair.generate();
    const token = await getToken(source(), key);
    const server = verifier();
    const request = { method: "tools/call", params: { name: "deploy" } };
    expect(await server.verify(token, { request })).toMatchObject({ verified: false, errorCode: 1012 });
    const proof = await createProof({ key, token, audience: AUDIENCE, request });
    expect(await server.verify(token, { request, proof })).toMatchObject({ verified: true });
    expect(issuer.events).toContainEqual(
      expect.objectContaining({
        type: "attestation_issued",
        rule: "release bot",
        keyThumbprint: expect.any(String),
      }),
    );
  });

  test("asks for a fresh subject token each time", async () => {
    let asked = 0;
    const getBoth = source({
      subjectToken: async () => {
        asked += 1;
        return tokenOf();
      },
    });
    expect(await getToken(getBoth)).not.toBe(await getToken(getBoth));
    expect(asked).toBe(2);
  });

  test("proves the key to an issuer whose name is not the URL that it is reached at", async () => {
    const key = KeyPair.generate();
    const subjectToken = () => tokenOf({}, NAME);
    const options = { url: named.origin, subjectToken, issuer: NAME };
    expect(await getToken(source(options), key)).toMatch(/^ey/);
    const { issuer: _, ...unnamed } = options;
    const refusal = await refusalOf(getToken(source(unnamed), key));
    expect(refusal).toMatchObject({ error: "invalid_request", status: 400 });
    expect(refusal.message).toMatch(/clock, and that url \(or issuer\) is the issuer's own name/);
  });

  test.each([
    ["another repository", { repository_id: "75" }, "invalid_grant", /no rule allows this workload/],
    ["another owner's", { repository_owner_id: "66" }, "invalid_grant", /--explain/],
    ["a token for somebody else", { aud: "https://other.example" }, "invalid_grant", /not valid there/],
    ["a rule that binds, unbound", { ref: "refs/heads/bound" }, "invalid_request", /proofOfPossession: true/],
  ])("says what to do about %s", async (_, changes, error, message) => {
    const token = tokenOf(changes);
    const refusal = await refusalOf(getToken(source({ subjectToken: () => token })));
    expect(refusal).toMatchObject({ error, status: 400 });
    expect(refusal.message).toMatch(message);
    expect(JSON.stringify([refusal, refusal.message])).not.toContain(token.slice(0, 20));
  });

  test("binds where a rule asks for it", async () => {
    const subjectToken = () => tokenOf({ ref: "refs/heads/bound" });
    expect(await getToken(source({ subjectToken }), KeyPair.generate())).toMatch(/^ey/);
  });

  test("says which audience no rule allows", async () => {
    const refusal = await refusalOf(
      Promise.resolve(source()({ audience: "https://other.example", confirmationKey: undefined })),
    );
    expect(refusal.error).toBe("invalid_target");
    expect(refusal.message).toMatch(/the audience https:\/\/other\.example; check targetAudience/);
  });

  test("says when to try again where the platform's keys are unavailable", async () => {
    const claims = { iss: "http://127.0.0.1:9", sub: "x", aud: issuer.origin, exp: Date.now() / 1000 + 60 };
    const refusal = await refusalOf(getToken(source({ subjectToken: () => platform.token(claims) })));
    expect(refusal).toMatchObject({ error: "temporarily_unavailable", status: 503 });
    expect(refusal.retryAfterSeconds).toBeGreaterThan(0);
  });

  test("needs to know the server, and says so", async () => {
    await expect(source()({ audience: undefined })).rejects.toThrow(/give the client its targetAudience/);
  });

  test("does not pass over a key that cannot be proven", async () => {
    const confirmationKey = KeyPair.generate().publicKey.toJwk();
    await expect(source()({ audience: AUDIENCE, confirmationKey })).rejects.toThrow(/without confirm/);
  });
});

describe("exchange, at a server that is no such issuer", () => {
  const SUBJECT = "eyJhbGciOiJub25lIn0.eyJzZWNyZXQiOjF9.c2VjcmV0";

  async function at(
    listener: Parameters<typeof serve>[0],
    options: Partial<ExchangeOptions> = {},
  ): Promise<TokenSourceError> {
    const { origin, close } = await serve(listener);
    onTestFinished(close);
    const getToken = exchange({
      url: origin,
      subjectToken: () => SUBJECT,
      allowInsecure: "loopback",
      ...options,
    });
    const refusal = await refusalOf(Promise.resolve(getToken({ audience: AUDIENCE })));
    for (const part of SUBJECT.split(".")) expect(refusal.message).not.toContain(part);
    return refusal;
  }

  test("follows no redirect, which would take the token along", async () => {
    let reached = 0;
    const { origin, close } = await serve((_, response) => {
      reached += 1;
      response.end();
    });
    onTestFinished(close);
    for (const status of [301, 302, 303, 307, 308]) {
      const refusal = await at((_, response) => response.writeHead(status, { location: origin }).end());
      expect(refusal.message).toMatch(/redirect \(status 30\d\), which is not followed/);
    }
    expect(reached).toBe(0);
  });

  test("reads no more than 64 KiB, though they never end", async () => {
    const refusal = await at((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(16_384)));
        if (!response.destroyed) response.once("drain", more);
      };
      response.on("close", () => response.destroy());
      more();
    });
    expect(refusal.message).toMatch(/more than 65536 bytes/);
  });

  test.each([
    ["says nothing", () => undefined],
    [
      "never comes to an end",
      (_: unknown, response: { write(text: string): void }) => response.write('{"access_token":'),
    ],
  ])("waits no longer than it should for one that %s", async (_, listener) => {
    const refusal = await at(listener as Parameters<typeof serve>[0], { timeoutSeconds: 0.2 });
    expect(refusal.message).toMatch(/no answer within 0\.2 s/);
  });

  test.each([
    ["an access token of OAuth", { access_token: SUBJECT, token_type: "Bearer", expires_in: 300 }],
    [
      "another kind of token",
      {
        access_token: SUBJECT,
        token_type: "N_A",
        issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      },
    ],
    ["nothing of the kind", { hello: "world" }],
    ["null", null],
  ])("never hands on %s", async (_, answer) => {
    const refusal = await at((_request, response) => response.end(JSON.stringify(answer)));
    expect(refusal.message).toMatch(/holds no attestation/);
  });

  test("takes no attestation that is none", async () => {
    const answer = {
      access_token: "not a token",
      token_type: "n_a",
      issued_token_type: "urn:ietf:params:oauth:token-type:jwt",
    };
    const refusal = await at((_, response) => response.end(JSON.stringify(answer)));
    expect(refusal.message).toMatch(/gave no JWT/);
  });

  test("repeats nothing of an answer that repeats the token", async () => {
    const refusal = await at((_, response) => {
      const answer = { error: SUBJECT, error_description: `no ${SUBJECT}\u001b[31m` };
      response.writeHead(400).end(JSON.stringify(answer));
    });
    expect(refusal.error).toBeUndefined();
    expect(refusal.message).toMatch(/status 400: check that url is that of an issuer/);
  });

  test("says that a page is no issuer", async () => {
    const page = await at((_, response) => response.writeHead(404).end("<html>"));
    expect(page.message).toMatch(/status 404: check that url/);
    const gateway = await at((_, response) => response.writeHead(502).end("<html>"));
    expect(gateway.message).toMatch(/status 502: try again later/);
  });

  test("says that nobody is there", async () => {
    const { origin, close } = await serve((_, response) => response.end());
    close();
    const refusal = await refusalOf(getToken(source({ url: origin })));
    expect(refusal.message).toMatch(/cannot be reached \(ECONNREFUSED\): check its URL/);
  });

  test.each([
    ["nothing", undefined, /gave undefined instead of a token/],
    ["an empty text", " \n", /it is empty/],
    ["a page", "<html>", /gave no JWT/],
    ["a longer one than issuers read", `e.${"x".repeat(17_000)}.s`, /longer than 16384/],
  ])("sends no subject token that is %s", async (_, token, message) => {
    const subjectToken = (() => token) as () => string;
    expect((await refusalOf(getToken(source({ subjectToken })))).message).toMatch(message);
  });

  test("waits no longer than it should for a subject token", async () => {
    const subjectToken = () => new Promise<string>(() => undefined);
    const refusal = await refusalOf(getToken(source({ subjectToken, timeoutSeconds: 0.1 })));
    expect(refusal.message).toMatch(/subjectToken gave no token within 0\.1 s/);
  });
});

describe("exchange's options", () => {
  const subjectToken = () => "x";
  test.each([
    ["no subjectToken", { url: NAME }, /subjectToken must be a function/],
    [
      "a token for a source",
      { url: NAME, subjectToken: "eyJ" },
      /subjectToken must be a function, got string/,
    ],
    ["no URL", { subjectToken }, /url must be an absolute URL/],
    ["a query", { url: `${NAME}?x=1`, subjectToken }, /without query and fragment/],
    ["http", { url: "http://127.0.0.1:1", subjectToken }, /url must be https; allowInsecure: "loopback"/],
    [
      "http elsewhere",
      { url: "http://attest.corp.example", subjectToken, allowInsecure: "loopback" },
      /must be https/,
    ],
    [
      "http to a name that only begins like this machine's",
      { url: "http://127.0.0.1.example", subjectToken, allowInsecure: "loopback" },
      /must be https/,
    ],
    [
      "credentials",
      { url: "https://me:secret@attest.corp.example", subjectToken },
      /must not hold credentials/,
    ],
    [
      "true for allowInsecure",
      { url: NAME, subjectToken, allowInsecure: true },
      /must be "loopback" or false/,
    ],
    ["an issuer that is undefined", { url: NAME, subjectToken, issuer: undefined }, /present but undefined/],
    ["a misspelling", { url: NAME, subjectToken, timeoutSecond: 1 }, /did you mean "timeoutSeconds"/],
  ])("refuse %s", (_, options, message) => {
    const error = (() => {
      try {
        return exchange(options as ExchangeOptions);
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("secret");
  });
});
