import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { KeyPair } from "@attest/core";
import { HTTPKeyResolver, JWKSFetcher } from "@attest/jwks";
import { createRemoteJWKSet } from "jose";
import { benchSize } from "../../../test-support/bench-size.ts";

/*
 * Cost of getting an issuer's key: from the cache, for the first time over HTTP from a server on this machine,
 * and over HTTP once more; beside jose's remote key set, interleaved in one process, medians of all rounds.
 */
const ROUNDS = benchSize(21, 1);
const CACHED_PER_ROUND = benchSize(100_000, 1000);
const COLD_PER_ROUND = benchSize(40, 5);

const keyPair = KeyPair.generate("key-1");
const keySet = JSON.stringify({ keys: [{ ...keyPair.toJwk(), use: "sig", alg: "EdDSA" }] });
const server = createServer((_request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(keySet);
}).listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const url = new URL(`${issuer}/.well-known/jwks.json`);
const header = { alg: "EdDSA", kid: "key-1" };
const fetcher = new JWKSFetcher({ allowInsecure: "loopback" });
const resolver = new HTTPKeyResolver({ fetcher });
const remoteKeySet = createRemoteJWKSet(url);

interface Contender {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

const cached: readonly Contender[] = [
  { name: "JWKSFetcher.getKey", run: () => fetcher.getKey(issuer, "key-1") },
  { name: "HTTPKeyResolver.getKey", run: () => resolver.getKey(issuer, "key-1") },
  { name: "jose createRemoteJWKSet", run: () => remoteKeySet(header) },
];
const cold: readonly Contender[] = [
  {
    name: "JWKSFetcher.getKey",
    run: () => new JWKSFetcher({ allowInsecure: "loopback" }).getKey(issuer, "key-1"),
  },
  { name: "jose createRemoteJWKSet", run: () => createRemoteJWKSet(url)(header) },
];
const again: readonly Contender[] = [
  {
    name: "JWKSFetcher.getKey",
    run: () => {
      fetcher.invalidate(issuer);
      return fetcher.getKey(issuer, "key-1");
    },
  },
  {
    name: "jose createRemoteJWKSet",
    run: async () => {
      await remoteKeySet.reload();
      return remoteKeySet(header);
    },
  },
];

print(`cached, ${CACHED_PER_ROUND} × ${ROUNDS}`, await compare(cached, CACHED_PER_ROUND));
print(`cold, over HTTP, ${COLD_PER_ROUND} × ${ROUNDS}`, await compare(cold, COLD_PER_ROUND));
print(`fetched again, over HTTP, ${COLD_PER_ROUND} × ${ROUNDS}`, await compare(again, COLD_PER_ROUND));
await fetcher.close();
server.closeAllConnections();
server.close();

/** The median time of one run, in microseconds, per contender. */
async function compare(contenders: readonly Contender[], runs: number): Promise<ReadonlyMap<string, number>> {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const { name, run } of contenders) {
      const startedAt = performance.now();
      for (let i = 0; i < runs; i++) await run();
      // The first round warms up.
      if (round >= 0) times.get(name)?.push(((performance.now() - startedAt) * 1000) / runs);
    }
  }
  return new Map([...times].map(([name, measured]) => [name, median(measured)]));
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function print(title: string, times: ReadonlyMap<string, number>): void {
  const jose = times.get("jose createRemoteJWKSet") ?? Number.NaN;
  console.log(title);
  for (const [name, time] of times) {
    const ratio = `${(jose / time).toFixed(2)} × jose`;
    console.log(`  ${name.padEnd(24)} ${time.toFixed(3).padStart(9)} µs   ${ratio.padStart(12)}`);
  }
}
