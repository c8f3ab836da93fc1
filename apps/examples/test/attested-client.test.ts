import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type AttestationVerifier, type Ed25519PublicJwk, hmacNonces } from "@attest/core";
import { TestIssuer } from "@attest/core/testing";
import { currentAttestation } from "@attest/mcp-server";
import { HttpSessions, StatelessHttp, toNodeHandler } from "@attest/mcp-server/http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { findProgram, PYTHON } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { launchProgram, type Run } from "./support/programs.ts";

const CLIENT = fileURLToPath(new URL("../python/attested_client.py", import.meta.url));
const TRANSFER = { to: "Zoë \u{1f600}", amount: 1e21, " ": [-0, 1e-7, 0.1, true, null, {}] };

const issuer = new TestIssuer();

/** The calls that reached the tool, and the methods that were posted, in order. */
interface Served {
  readonly url: string;
  readonly calls: unknown[];
  readonly posted: string[];
}

interface Host {
  readonly handle: (request: Request) => Promise<Response>;
  close(): Promise<void>;
}

/** Listens on a free port, and makes the host when its URL is known. */
async function serve(makeHost: (createServer: () => McpServer, url: string) => Host): Promise<Served> {
  const calls: unknown[] = [];
  const posted: string[] = [];
  const createBank = () => {
    const bank = new McpServer({ name: "bank", version: "1" });
    bank.registerTool("transfer", { inputSchema: z.looseObject({ to: z.string() }) }, async (given) => {
      calls.push(given);
      return { content: [{ type: "text", text: `${given.to} for ${currentAttestation()?.subject}` }] };
    });
    return bank;
  };
  const http = createServer().listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  const host = makeHost(createBank, url);
  const handle = async (request: Request) => {
    const body = await request.clone().text();
    posted.push(body === "" ? request.method : (JSON.parse(body) as { readonly method: string }).method);
    return host.handle(request);
  };
  http.on("request", toNodeHandler(handle));
  onTestFinished(async () => {
    await host.close();
    http.closeAllConnections();
    http.close();
  });
  return { url, calls, posted };
}

const rules = { tools: { "*": {} } };
const verifierFor = (
  url: string,
  options: Parameters<TestIssuer["createVerifier"]>[0],
): AttestationVerifier =>
  issuer.createVerifier({
    endpoints: [url],
    challenge: hmacNonces({ key: crypto.getRandomValues(new Uint8Array(32)) }),
    ...options,
  });

/** The hosts, and what a client sends each at the end. */
const HOSTS = {
  "sessions that take each request with a proof": {
    ends: [],
    start: (enableJsonResponse: boolean) =>
      serve((create, url) => {
        const verifier = verifierFor(url, { requireProof: "each-request" });
        return new HttpSessions({ verifier, createServer: create, rules, enableJsonResponse });
      }),
  },
  "sessions that begin with a proof": {
    ends: ["DELETE"],
    start: (enableJsonResponse: boolean) =>
      serve((create, url) => {
        const verifier = verifierFor(url, { requireProof: "always" });
        return new HttpSessions({ verifier, createServer: create, rules, enableJsonResponse });
      }),
  },
  "a server without sessions": {
    ends: [],
    start: (enableJsonResponse: boolean) =>
      serve((create, url) => {
        const verifier = verifierFor(url, {});
        return new StatelessHttp({ verifier, createServer: create, rules, enableJsonResponse });
      }),
  },
};

/** Runs the client, and gives it a token for the key that it prints. */
async function runClient(url: string, ...attack: readonly string[]): Promise<Run> {
  const given = [CLIENT, url, issuer.audience, "transfer", JSON.stringify(TRANSFER), ...attack];
  const child = launchProgram(await findProgram(PYTHON), ["-B", ...given], { PYTHONIOENCODING: "utf-8" });
  let stdout = "";
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  child.stdout.setEncoding("utf8").on("data", async (chunk: string) => {
    const isFirst = !stdout.includes("\n");
    stdout += chunk;
    if (!isFirst || !stdout.includes("\n")) return;
    const confirmationKey = JSON.parse(stdout) as Ed25519PublicJwk;
    child.stdin.end(`${await issuer.createToken({ confirmationKey })}\n`);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: stdout.slice(stdout.indexOf("\n") + 1), stderr };
}

const ANSWER = JSON.stringify([
  { type: "text", text: `${TRANSFER.to} for spiffe://example.com/model/m-1-small` },
]);

describe("the Python client, written from docs/protocol.md", async () => {
  const options = await needs(PYTHON);

  describe.each(Object.entries(HOSTS))("at %s", (_, { start, ends }) => {
    test.each([
      ["event streams", false],
      ["JSON", true],
    ])(
      "calls a guarded tool, with answers in %s, and repeats what was challenged",
      options,
      async (_, json) => {
        const { url, calls, posted } = await start(json);
        const { code, stdout, stderr } = await runClient(url);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(JSON.stringify(JSON.parse(stdout).content)).toBe(ANSWER);
        expect(calls).toEqual([{ ...TRANSFER, " ": [0, 1e-7, 0.1, true, null, {}] }]);
        const [first, again, ...others] = posted;
        expect([first, again]).toEqual(["initialize", "initialize"]);
        expect(others).toEqual(["notifications/initialized", "tools/call", ...ends]);
      },
    );
  });

  describe.each(Object.entries(HOSTS).filter(([, { ends }]) => ends.length === 0))(
    "at %s",
    (_, { start }) => {
      test("is refused a call whose argument changed after it was proved", options, async () => {
        const { url, calls } = await start(false);
        const { code, stdout, stderr } = await runClient(url, "--attack", "changed-argument");
        expect(stdout.split("\n")).toHaveLength(2);
        expect(code).toBe(1);
        expect(stderr).toMatch(/^refused: 1012 /);
        expect(stderr).not.toContain('"nonce"');
        expect(calls).toHaveLength(1);
      });

      test("is refused a call that was sent before", options, async () => {
        const { url, calls } = await start(false);
        const { code, stderr } = await runClient(url, "--attack", "replay");
        expect(code).toBe(1);
        expect(stderr).toMatch(/^refused: 1006 /);
        expect(calls).toHaveLength(2);
      });
    },
  );
});
