import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { JWKSFetcher } from "../../src/fetching/jwks-fetcher.js";
import { isAllowedAddress } from "../../src/outbound/address-rules.js";
import { createOutboundFetch, type Lookup } from "../../src/outbound/outbound-fetch.node.js";
import { createOutboundFetch as createPortableFetch } from "../../src/outbound/outbound-fetch.portable.js";
import { json, startIssuer } from "../support/issuer-server.js";

/** Resolves every name to these addresses, one list after the other; remembers what it was asked for. */
function resolving(...answers: readonly (readonly string[])[]): { lookup: Lookup; asked: string[] } {
  const asked: string[] = [];
  const lookup: Lookup = (hostname, _options, callback) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(hostname);
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return { lookup, asked };
}

function fetchOf(lookup: Lookup, allowInsecure: "loopback" | false = false) {
  return createOutboundFetch(
    { isAllowedAddress: (address) => isAllowedAddress(address, { allowInsecure }) },
    lookup,
  );
}

async function start(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe("createOutboundFetch", () => {
  test.each([
    ["127.0.0.1"],
    ["10.1.2.3"],
    ["169.254.169.254"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["fd00::1"],
    ["fe80::1%eth0"],
    ["8.8.8.8", "127.0.0.1"],
  ])("does not connect to a name that resolves to %s", async (...addresses) => {
    let connections = 0;
    const port = await start(() => connections++);
    const { lookup } = resolving(addresses);
    await expect(fetchOf(lookup)(`http://issuer.example:${port}/`)).rejects.toThrow("not public");
    expect(connections).toBe(0);
  });

  test("connects to the address that it looked at, and resolves the name once", async () => {
    const port = await start((_request, response) => response.end("here"));
    const { lookup, asked } = resolving(["127.0.0.1"], ["10.0.0.1"]);
    const response = await fetchOf(lookup, "loopback")(`http://issuer.example:${port}/`);
    expect(await response.text()).toBe("here");
    expect(asked).toEqual(["issuer.example"]);
  });

  test("looks again for every request, so that a name does not become private after the first", async () => {
    const port = await start((_request, response) => response.end("here"));
    const { lookup } = resolving(["127.0.0.1"], ["10.0.0.1"]);
    const rebinding = fetchOf(lookup, "loopback");
    await (await rebinding(`http://issuer.example:${port}/`)).text();
    await expect(rebinding(`http://issuer.example:${port}/`)).rejects.toThrow("not public");
  });

  test("fails as fetch does when a name does not resolve", async () => {
    const failure = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
    const nowhere = fetchOf((_hostname, _options, callback) => callback(failure, []));
    await expect(nowhere("https://issuer.example/")).rejects.toThrow(
      expect.objectContaining({ name: "TypeError", message: "fetch failed", cause: failure }),
    );
    await expect(fetchOf(resolving([]).lookup)("https://issuer.example/")).rejects.toThrow("fetch failed");
  });

  test("stops resolving and connecting when it is aborted", async () => {
    const signal = AbortSignal.timeout(20);
    const hanging = fetchOf(() => undefined);
    await expect(hanging("https://issuer.example/", { signal })).rejects.toThrow("fetch failed");
  });

  test("says who asks, gives all headers of the answer, and follows no redirect", async () => {
    const port = await start((request, response) => {
      response.writeHead(
        307,
        [
          ["location", "/elsewhere"],
          ["cache-control", "max-age=60"],
          ["cache-control", "no-transform"],
          ["x-asked", `${request.headers["user-agent"]} ${request.headers.accept}`],
        ].flat(),
      );
      response.end();
    });
    const { lookup } = resolving(["127.0.0.1"]);
    const response = await fetchOf(lookup, "loopback")(`http://issuer.example:${port}/`, {
      headers: { accept: "application/json" },
    });
    expect(response.status).toBe(307);
    expect(response.headers.get("cache-control")).toBe("max-age=60, no-transform");
    expect(response.headers.get("x-asked")).toBe("attest-jwks application/json");
  });

  test.each([204, 304])("gives an answer with status %i, which has no body", async (status) => {
    const port = await start((_request, response) => response.writeHead(status).end());
    const response = await fetchOf(resolving(["127.0.0.1"]).lookup, "loopback")(`http://a.example:${port}/`);
    expect(response.status).toBe(status);
    expect(response.body).toBeNull();
  });

  test("fails on a number that is no HTTP status", async () => {
    const port = await start((_request, response) => response.writeHead(999).end("?"));
    const { lookup } = resolving(["127.0.0.1"]);
    await expect(fetchOf(lookup, "loopback")(`http://issuer.example:${port}/`)).rejects.toThrow(RangeError);
  });

  test("is the platform's own fetch where names cannot be looked at", async () => {
    const port = await start((_request, response) => response.end("here"));
    const portable = createPortableFetch({ isAllowedAddress: () => false });
    expect(await (await portable(`http://127.0.0.1:${port}/`)).text()).toBe("here");
  });

  test("has no certificate authorities of its own there, and says so", () => {
    expect(() => createPortableFetch({ isAllowedAddress: () => true, ca: "pem" })).toThrow("on Node alone");
  });
});

describe("JWKSFetcher", () => {
  test("asks this machine by its name when loopback is asked for", async () => {
    const server = await startIssuer(json({ keys: [] }));
    const fetcher = new JWKSFetcher({ allowInsecure: "loopback" });
    onTestFinished(() => fetcher.close());
    expect(await fetcher.getJwks(server.issuer.replace("127.0.0.1", "localhost"))).toEqual({ keys: [] });
    expect(server.requests).toHaveLength(1);
  });
});
