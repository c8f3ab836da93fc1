import { AgentIdentity, AttestationVerifier, KeyPair } from "@attest/core";
import { TestIssuer } from "@attest/core/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { HTTPKeyResolver } from "../../src/fetching/http-key-resolver.js";
import { JWKSFetcher } from "../../src/fetching/jwks-fetcher.js";
import { jwksHandler } from "../../src/publishing/jwks-handler.js";
import { type Answer, type IssuerServer, startIssuer, status } from "../support/issuer-server.js";
import { Recorder } from "../support/recorder.js";
import { causeOfUnavailable } from "../support/unavailable.js";

const identity = new AgentIdentity({ modelFamily: "m", modelVersion: "m-1", provider: "acme" });

/** Serves the key set of `keyPair` with {@link jwksHandler} over real HTTP. */
function publish(keyPair: KeyPair): Answer {
  const handler = jwksHandler(keyPair);
  return async (request, response) => {
    const answer = handler(new Request("https://issuer.example", { method: request.method ?? "GET" }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  };
}

function verifierOf(server: IssuerServer) {
  const keyResolver = new HTTPKeyResolver({ allowInsecure: "loopback", retry: { maxRetries: 0 } });
  onTestFinished(() => keyResolver.close());
  const observer = new Recorder();
  const testIssuer = new TestIssuer({ issuer: server.issuer, identity });
  const verifier = testIssuer.createVerifier({ keyResolver, observer });
  const create = (keyPair: KeyPair) => testIssuer.createToken({ keyPair });
  return { verifier, observer, create };
}

describe("HTTPKeyResolver", () => {
  test("lets a verifier verify a token by the key set its issuer publishes", async () => {
    const keyPair = KeyPair.generate();
    const server = await startIssuer(publish(keyPair));
    const { verifier, create } = verifierOf(server);

    const result = await verifier.verify(await create(keyPair));
    expect(result).toMatchObject({ verified: true, issuer: server.issuer, trustLevel: "provider" });
    expect(server.requests).toEqual(["/.well-known/jwks.json"]);
  });

  test("lets a verifier follow a rotation, and refuse keys that the issuer does not publish, 1003", async () => {
    const server = await startIssuer(publish(KeyPair.generate("old")));
    const { verifier, create } = verifierOf(server);
    const next = KeyPair.generate("new");
    const stranger = KeyPair.generate("new");
    await verifier.verify(await create(KeyPair.generate("old")));

    server.answer = publish(next);
    expect(await verifier.verify(await create(next))).toMatchObject({ verified: true });
    expect(await verifier.verify(await create(stranger))).toMatchObject({ errorCode: 1003 });
  });

  test("lets a verifier follow an issuer that restarts with a new key under the old kid", async () => {
    const before = KeyPair.generate("key-1");
    const after = KeyPair.generate("key-1");
    const server = await startIssuer(publish(before));
    const { verifier, create } = verifierOf(server);
    expect(await verifier.verify(await create(before))).toMatchObject({ verified: true });

    server.answer = publish(after);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => create(after)));
    const results = await Promise.all(tokens.map((token) => verifier.verify(token)));
    expect(results.every(({ verified }) => verified)).toBe(true);
    expect(server.requests).toHaveLength(2);

    // Forged signatures cause no more fetches within the cooldown, and spoil nothing.
    for (let forged = 0; forged < 20; forged++) {
      const token = await create(KeyPair.generate("key-1"));
      expect(await verifier.verify(token)).toMatchObject({ errorCode: 1003 });
    }
    expect(await verifier.verify(await create(after))).toMatchObject({ verified: true });
    expect(server.requests).toHaveLength(2);
  });

  test("keeps the keys of the issuers that a verifier trusts, however many others are looked up", async () => {
    let requests = 0;
    const fetcher = new JWKSFetcher({
      fetch: async () => {
        requests++;
        return Response.json({ keys: [] });
      },
    });
    onTestFinished(() => fetcher.close());
    const trusted = "https://issuer.example";
    new AttestationVerifier({
      trustedIssuers: [{ issuer: trusted, trustDomains: ["acme.com"] }],
      keyResolver: new HTTPKeyResolver({ fetcher }),
      audience: "https://server.example",
    });
    await fetcher.getJwks(trusted);
    for (let other = 0; other < 10_100; other++) await fetcher.getJwks(`https://${other}.example`);
    expect(requests).toBe(10_101);
    await fetcher.getJwks(trusted);
    expect(requests).toBe(10_101);
    await fetcher.getJwks("https://0.example");
    expect(requests).toBe(10_102);
  });

  test("turns an outage of the issuer into 1010, with the reason for the observer alone", async () => {
    const keyPair = KeyPair.generate();
    const server = await startIssuer(status(500));
    const { verifier, observer, create } = verifierOf(server);
    const token = await create(keyPair);

    expect(await verifier.verify(token)).toMatchObject({
      verified: false,
      accepted: false,
      errorCode: 1010,
      failedCheck: "signature",
      error: "The issuer's keys are unavailable; try again later.",
    });
    expect(observer.events).toMatchObject([
      {
        type: "rejected",
        code: 1010,
        cause: [
          expect.stringMatching(/^RetryError: gave up after 1 attempt: .*status 500/),
          expect.stringMatching(/^UnexpectedStatusError: .*status 500/),
        ],
      },
    ]);

    server.answer = publish(keyPair);
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
  });

  test("asks a fetcher that is handed in, and leaves it open", async () => {
    const server = await startIssuer(publish(KeyPair.generate("key-1")));
    const fetcher = new JWKSFetcher({ allowInsecure: "loopback" });
    onTestFinished(() => fetcher.close());
    const resolver = new HTTPKeyResolver({ fetcher });
    expect(await resolver.getKey(server.issuer, "key-1")).toBeDefined();
    await resolver.close();
    expect(await fetcher.getKey(server.issuer, "key-1")).toBeDefined();
    expect(server.requests).toHaveLength(1);
  });

  test("takes a fetcher or the options of one, not both, and knows a misspelt one", () => {
    const fetcher = new JWKSFetcher();
    expect(() => new HTTPKeyResolver({ fetcher, cacheTtlSeconds: 1 } as never)).toThrow("cacheTtlSeconds");
    expect(() => new HTTPKeyResolver({ cacheTtl: 1 } as never)).toThrow('unknown option "cacheTtl"');
    expect(() => new HTTPKeyResolver({ fetcher: undefined, cacheTtlSeconds: 1 })).not.toThrow();
    expect(() => new HTTPKeyResolver({ fetcher: {} as JWKSFetcher })).toThrow(
      "fetcher must be a JWKSFetcher",
    );
  });

  test.each<[unknown, string]>([
    ["https://issuer.example", "Issuers are named to the verifier, in trustedIssuers"],
    ["https://issuer.example", "{ jwksUrl: (issuer) => url }"],
    [new URL("https://issuer.example"), "HTTPKeyResolver takes an object of options, got a URL"],
    [new JWKSFetcher(), "share it by { fetcher }"],
    [7, "HTTPKeyResolver takes an object of options, got number"],
    [
      { clock: Date.now },
      "clock must be a Clock: { now() } in seconds, such as { now: () => Date.now() / 1000 }",
    ],
  ])("says what was meant by %o", (options, message) => {
    expect(() => new HTTPKeyResolver(options as never)).toThrow(message);
  });

  test("reads options wherever they are: getters and members of classes too", async () => {
    class Options {
      readonly allowInsecure = "loopback";
      get cacheTtlSeconds(): number {
        return 0.5;
      }
    }
    expect(() => new HTTPKeyResolver(new Options())).toThrow("cacheTtlSeconds");
  });

  test("closes a fetcher of its own", async () => {
    const resolver = new HTTPKeyResolver();
    await resolver.close();
    expect(await causeOfUnavailable(resolver.getKey("https://issuer.example", "key-1"))).toContain("closed");
  });
});
