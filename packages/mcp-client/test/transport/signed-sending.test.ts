import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { KeyPair } from "@attest/core";
import { evidenceIn, type RequestMessage } from "@attest/core/wire";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { attestTransport, type RemoteTokenSource } from "../../src/index.js";
import { sendsByFetch } from "../../src/transport/signed-sending.js";
import { AUDIENCE, ISSUER, Provider } from "../support/agent.ts";

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } },
} as const satisfies RequestMessage;

interface Sent {
  readonly path: string;
  readonly message: RequestMessage;
}

/** A server that answers every POST with `status`, and keeps what was in it. A GET is told the `endpoint` of SSE. */
async function recording(
  status = 202,
  location: (sent: Sent) => string | undefined = () => undefined,
  endpoint?: string,
): Promise<{ url: URL; sent: Sent[] }> {
  const sent: Sent[] = [];
  const server = createServer(async (request, response) => {
    if (request.method === "GET") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`event: endpoint\ndata: ${endpoint}\n\n`);
      return;
    }
    const now = { path: request.url ?? "", message: JSON.parse(await bodyOf(request)) };
    sent.push(now);
    const to = location(now);
    response.writeHead(status, to === undefined ? {} : { location: to }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp?tenant=a`), sent };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}

function proving(provider: Provider, options: Partial<RemoteTokenSource> = {}): RemoteTokenSource {
  return {
    getToken: ({ confirmationKey }) => provider.token(undefined, confirmationKey),
    targetAudience: AUDIENCE,
    proofOfPossession: true,
    ...options,
  };
}

/** Verifies a message as a server at `endpoint` would. */
function verify(provider: Provider, message: RequestMessage, endpoint?: string, accessToken?: string) {
  const verifier = provider.createVerifier({
    requireProof: "always",
    bindUser: accessToken !== undefined,
    ...(endpoint === undefined ? {} : { endpoints: [endpoint] }),
  });
  const { token, proof } = evidenceIn(message) ?? {};
  return verifier.verify(token, { proof, request: message, accessToken });
}

describe("signEachSending", () => {
  test("knows the SDK's HTTP transport by its private members, and no other transport", () => {
    const url = new URL("http://127.0.0.1/mcp");
    expect(sendsByFetch(new StreamableHTTPClientTransport(url))).toBe(true);
    expect(sendsByFetch(new StreamableHTTPClientTransport(url, { fetch }))).toBe(true);
    expect(sendsByFetch(new StdioClientTransport({ command: "true" }))).toBe(false);
    expect(sendsByFetch(InMemoryTransport.createLinkedPair()[0])).toBe(false);
  });

  test("makes a proof for the URL that a redirect leads to within the origin, and sends none elsewhere", async () => {
    const provider = new Provider();
    const elsewhere = await recording();
    const { url, sent } = await recording(307, ({ path }) =>
      path === "/mcp" ? "/mcp/" : elsewhere.url.href,
    );
    url.search = "";
    const transport = new StreamableHTTPClientTransport(url);
    attestTransport(transport, proving(provider));
    await transport.start();
    await expect(transport.send(INITIALIZE)).rejects.toThrow();
    expect(sent.map(({ path }) => path)).toEqual(["/mcp", "/mcp/"]);
    for (const { path, message } of sent) {
      expect(await verify(provider, message, new URL(path, url).href)).toMatchObject({ verified: true });
    }
    expect(elsewhere.sent).toEqual([]);
  });

  test("makes a proof for the endpoint that a server of HTTP with SSE names", async () => {
    const provider = new Provider();
    const { url, sent } = await recording(202, () => undefined, "/messages?session=1");
    const transport = new SSEClientTransport(url);
    attestTransport(transport as Transport, proving(provider));
    await transport.start();
    await transport.send(INITIALIZE);
    const [{ path, message }] = sent as [Sent];
    expect(path).toBe("/messages?session=1");
    expect(await verify(provider, message, new URL("/messages", url).href)).toMatchObject({ verified: true });
    await transport.close();
  });

  test("makes a proof for the endpoint and the access token of each HTTP sending", async () => {
    const provider = new Provider();
    const { url, sent } = await recording();
    const transport = new StreamableHTTPClientTransport(url, {
      requestInit: { headers: { authorization: "Bearer alices" } },
    }) as Transport;
    attestTransport(transport, proving(provider));
    await transport.start();
    await transport.send(INITIALIZE);
    const [{ message } = { message: INITIALIZE }] = sent;
    const endpoint = url.href.replace("?tenant=a", "");
    expect(await verify(provider, message, endpoint, "alices")).toMatchObject({ verified: true });
    expect(await verify(provider, message, "https://other.example/mcp", "alices")).toMatchObject({
      errorCode: 1012,
    });
    expect(await verify(provider, message, endpoint, "malorys")).toMatchObject({ errorCode: 1012 });
  });

  test("makes another proof for the same body sent again, and leaves what is not MCP's alone", async () => {
    const provider = new Provider();
    const { url, sent } = await recording();
    const inner: [unknown, RequestInit | undefined][] = [];
    const transport = new StreamableHTTPClientTransport(url, {
      fetch: (input, init) => {
        inner.push([input, init]);
        return String(input).endsWith("/token") ? Promise.resolve(new Response()) : fetch(input, init);
      },
    }) as Transport;
    attestTransport(transport, proving(provider));
    await transport.start();
    await transport.send(INITIALIZE);
    // The SDK sends what it was given once more, by the `send` that it finds on itself.
    await transport.send(JSON.parse(JSON.stringify(sent[0]?.message)));
    const proofs = sent.map(({ message }) => evidenceIn(message)?.proof);
    const tokens = sent.map(({ message }) => evidenceIn(message)?.token);
    expect(new Set(proofs).size).toBe(2);
    expect(new Set(tokens).size).toBe(1);
    const { _fetch } = transport as unknown as { _fetch: typeof fetch };
    const elsewhere = await recording();
    const message = JSON.stringify(sent[0]?.message);
    await _fetch(elsewhere.url, { method: "POST", body: message });
    expect(inner.at(-1)?.[1]?.body).toBe(message);
    // As the SDK's OAuth sends them.
    const form = new URLSearchParams({ grant_type: "authorization_code", state: message });
    const registration = JSON.stringify({ client_name: "c" });
    for (const body of [form, form.toString(), registration]) {
      const init = { method: "POST", body } as const;
      await _fetch(new URL("/token", url), init);
      expect(inner.at(-1)?.[1]).toBe(init);
    }
  });

  test("signs in send where there is no HTTP", async () => {
    const provider = new Provider();
    const [client, server] = InMemoryTransport.createLinkedPair();
    const received: RequestMessage[] = [];
    server.onmessage = (message) => void received.push(message as RequestMessage);
    await server.start();
    attestTransport(client, proving(provider));
    await client.start();
    await client.send(INITIALIZE);
    const [message = INITIALIZE] = received;
    expect(await verify(provider, message)).toMatchObject({ verified: true });
  });

  test("proves with a key that only signs, such as one in a KMS", async () => {
    const provider = new Provider();
    const inner = KeyPair.generate();
    const key = {
      kid: inner.kid,
      alg: inner.alg,
      publicKey: inner.publicKey,
      sign: async (bytes: Uint8Array) => inner.sign(bytes),
    };
    const { url, sent } = await recording();
    const transport = new StreamableHTTPClientTransport(url) as Transport;
    attestTransport(transport, proving(provider, { key }));
    await transport.start();
    await transport.send(INITIALIZE);
    expect(await verify(provider, sent[0]?.message ?? INITIALIZE)).toMatchObject({ verified: true });
  });

  test("lets a token source prove the key to an issuer", async () => {
    const provider = new Provider();
    const { url } = await recording();
    const proofs: string[] = [];
    const transport = new StreamableHTTPClientTransport(url) as Transport;
    attestTransport(
      transport,
      proving(provider, {
        getToken: async ({ audience, confirmationKey, confirm }) => {
          const request = { method: "token", params: { audience } };
          const occasion = { token: "a.foreign.token", audience: ISSUER, request };
          await expect(confirm?.({ ...occasion, url: "not a URL" })).rejects.toThrow(/http or https URL/);
          proofs.push((await confirm?.({ ...occasion, url: `${ISSUER}/token` })) ?? "");
          return provider.token(undefined, confirmationKey);
        },
      }),
    );
    await transport.start();
    await transport.send(INITIALIZE);
    const [, payload = ""] = proofs[0]?.split(".") ?? [];
    expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({
      aud: ISSUER,
      htu: `${ISSUER}/token`,
    });
  });
});
