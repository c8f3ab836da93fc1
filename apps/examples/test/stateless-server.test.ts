import { createServer, request as httpRequest } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { AttestingClientSession, attestTransport, type RemoteTokenSource } from "@attest/mcp-client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { findProgram, REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { example, launchProgram, run, start, startProvider } from "./support/programs.ts";

const AUDIENCE = "https://weather.example";
const API_KEY = "demo-agent-api-key";
const HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const PROCESSES = 4;
const AGENTS = 10;
const CALLS_EACH = 100;

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startRedis(): Promise<string> {
  const port = String(await freePort());
  const child = launchProgram(await findProgram(REDIS), [
    "--port",
    port,
    "--bind",
    "127.0.0.1",
    "--save",
    "",
  ]);
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await vi.waitFor(() => expect(said).toContain("Ready to accept connections"), { timeout: 10_000 });
  return `redis://127.0.0.1:${port}`;
}

/** Hands each request to the next of `targets`, whatever came before it. */
async function balance(targets: readonly URL[]): Promise<URL> {
  let next = 0;
  const proxy = createServer((request, response) => {
    const target = targets[next++ % targets.length];
    if (target === undefined) return;
    // What the balancer is called is no concern of the servers, which look at their own host name.
    const headers = { ...request.headers, host: target.host };
    const forwarded = httpRequest(target, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on("error", () => response.destroy());
    request.pipe(forwarded);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return new URL(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp`);
}

async function startServers(env: Record<string, string> = {}) {
  const [provider, redis] = await Promise.all([startProvider(), startRedis()]);
  const nonceKey = Buffer.alloc(32, "n").toString("base64url");
  const servers = await Promise.all(
    Array.from({ length: PROCESSES }, () =>
      start(
        example("stateless-server.js"),
        { PORT: "0", ISSUER: provider, REDIS_URL: redis, NONCE_KEY: nonceKey, ...env },
        /listening on (\S+)\n/,
      ),
    ),
  );
  const urls = servers.map(({ found }) => new URL(found));
  return { provider, urls, balancer: await balance(urls) };
}

/** Asks the demo provider for a token as an agent does, bound where it has a key to prove. */
const tokenSource =
  (provider: string): RemoteTokenSource["getToken"] =>
  async ({ audience, confirmationKey, confirm }) => {
    const url = `${provider}/v1/attestations`;
    const request = { method: "token", params: { audience } };
    const confirmationProof = await confirm?.({ token: API_KEY, audience: provider, request, url });
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify({ audience, confirmationKey, confirmationProof, lifetimeSeconds: 900 }),
    });
    return ((await response.json()) as { token: string }).token;
  };

describe("stateless-server", async () => {
  test("answers 1,000 of 1,000 calls of ten agents on four processes, one token each, and a captured call never again", {
    timeout: 120_000,
    ...(await needs(REDIS)),
  }, async () => {
    const { provider, urls, balancer } = await startServers();
    const getToken = vi.fn(tokenSource(provider));
    const captured: { body: string; headers: Record<string, string> }[] = [];
    const source: RemoteTokenSource = { getToken, targetAudience: AUDIENCE, proofOfPossession: true };
    const connect = async (index: number): Promise<Client> => {
      const transport = new StreamableHTTPClientTransport(balancer, {
        fetch: (input, init) => {
          if (index === 0 && String(init?.body).includes("tools/call")) {
            captured.push({
              body: String(init?.body),
              headers: Object.fromEntries(new Headers(init?.headers)),
            });
          }
          return fetch(input, init);
        },
      }) as Transport;
      const info = { name: `agent-${index}`, version: "1" };
      const client = index % 2 === 0 ? new AttestingClientSession(info, source) : new Client(info);
      onTestFinished(() => client.close());
      await client.connect(
        client instanceof AttestingClientSession ? transport : attestTransport(transport, source),
      );
      return client;
    };
    const agents = await Promise.all(Array.from({ length: AGENTS }, (_, index) => connect(index)));
    const answers = await Promise.all(
      agents.map(async (agent) => {
        const own: string[] = [];
        for (let count = 0; count < CALLS_EACH; count++) {
          const { content } = await agent.callTool({ name: "who_am_i" });
          own.push((content as [{ text: string }])[0].text);
        }
        return own;
      }),
    );
    const said = answers.flat();
    expect(said).toHaveLength(AGENTS * CALLS_EACH);
    expect(
      said.every((text) => text.startsWith("spiffe://provider.example/model/demo-1-small at process")),
    ).toBe(true);
    expect(new Set(said).size).toBe(PROCESSES);
    expect(getToken).toHaveBeenCalledTimes(AGENTS);

    const stolen = captured.at(-1);
    const replays = await Promise.all(
      urls.flatMap((url) =>
        Array.from({ length: 40 }, async () => {
          const response = await fetch(url, {
            method: "POST",
            headers: { ...stolen?.headers },
            body: stolen?.body ?? "",
          });
          return response.text();
        }),
      ),
    );
    expect(replays).toHaveLength(40 * PROCESSES);
    for (const text of replays) expect(text).toContain('"reason":"replay_detected"');
  });

  test("lets exactly one of 40 copies of one request in, 25 times over", {
    timeout: 120_000,
    ...(await needs(REDIS)),
  }, async () => {
    const { provider, urls } = await startServers({ NONCE_KEY: "" });
    const held: { body: string; headers: Record<string, string> }[] = [];
    let holds = false;
    const transport = new StreamableHTTPClientTransport(urls[0] ?? new URL("http://127.0.0.1"), {
      fetch: (input, init) => {
        if (!holds || init?.method !== "POST") return fetch(input, init);
        held.push({ body: String(init.body), headers: Object.fromEntries(new Headers(init.headers)) });
        return Promise.resolve(new Response(null, { status: 202 }));
      },
    }) as Transport;
    const agent = new AttestingClientSession(
      { name: "agent", version: "1" },
      { getToken: tokenSource(provider), targetAudience: AUDIENCE, proofOfPossession: true },
    );
    onTestFinished(() => agent.close());
    await agent.connect(transport);
    holds = true;
    for (let round = 0; round < 25; round++) {
      // It is never answered: the copies below are all that is sent.
      const never = agent.callTool({ name: "who_am_i" });
      never.catch(() => undefined);
      await vi.waitFor(() => expect(held).toHaveLength(round + 1));
    }
    for (const { body, headers } of held) {
      const answers = await Promise.all(
        Array.from({ length: 40 }, async (_, copy) => {
          const response = await fetch(urls[copy % PROCESSES] ?? "", { method: "POST", headers, body });
          return response.text();
        }),
      );
      expect(answers.filter((text) => text.includes("at process"))).toHaveLength(1);
      expect(answers.filter((text) => text.includes('"reason":"replay_detected"'))).toHaveLength(39);
    }
  });

  test(
    "tells a stranger what it asks for, and serves an agent that proves its key",
    await needs(REDIS),
    async () => {
      const { provider, urls } = await startServers();
      const [url = new URL("http://127.0.0.1")] = urls;
      const body = JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "who_am_i" },
      });
      const refused = await fetch(url, { method: "POST", headers: HEADERS, body });
      expect(await refused.json()).toMatchObject({ error: { code: 1009, data: { proof: "each-request" } } });
      const { code, stdout } = await run("proving-agent.js", {
        args: [url.href, AUDIENCE, "who_am_i"],
        env: { PROVIDER: provider },
      });
      expect(stdout).toMatch(/^(spiffe:\/\/provider\.example\/model\/demo-1-small at process \d+\n){3}$/);
      expect(code).toBe(0);
    },
  );
});
