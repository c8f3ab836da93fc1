import type { ServerResponse } from "node:http";
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { KeyPair } from "@attest/core";
import { describe, expect, test } from "vitest";
import type { JWKSFetcherOptions } from "../../src/fetching/fetcher-options.js";
import { minter, verifierOf } from "../support/attested.js";
import { type Answer, json, startIssuer, status } from "../support/issuer-server.js";

const key = KeyPair.generate("key-1");
const good = key.toJwk();
const keySet = { keys: [good] };
const FEW_RETRIES = { retry: { maxRetries: 2, baseDelaySeconds: 0.01 } };
const IMPATIENT = { ...FEW_RETRIES, requestTimeoutSeconds: 0.3 };

/** Generous, for slow machines; what is bounded here would otherwise take ten seconds, or for ever. */
const BOUND_SECONDS = 3;

/** Verifies one token against an issuer that gives `answer`. Returns the outcome and its cost. */
async function verifyAgainst(answer: Answer, options: JWKSFetcherOptions) {
  const server = await startIssuer(answer);
  const { verifier, fetcher, observer, clock } = verifierOf(server.issuer, options);
  const token = await minter(server.issuer, key, clock)();
  const startedAt = performance.now();
  const { errorCode } = await verifier.verify(token);
  const seconds = (performance.now() - startedAt) / 1000;
  return { errorCode, seconds, metrics: fetcher.metrics, requests: server.requests.length, observer };
}

/** Writes `chunk` as fast as it is taken, until `length` bytes are out. */
function flood(
  response: ServerResponse,
  chunk: Buffer,
  length: number,
  onWritten: (bytes: number) => void,
): void {
  let written = 0;
  const write = () => {
    while (written < length && !response.destroyed) {
      written += chunk.length;
      onWritten(chunk.length);
      if (!response.write(chunk)) {
        response.once("drain", write);
        return;
      }
    }
    response.end();
  };
  write();
}

const body =
  (content: string | Buffer, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", ...headers });
    response.end(content);
  };

describe("an issuer that misbehaves", () => {
  test.each<[string, Answer, JWKSFetcherOptions, { requests: number; retries: number }]>([
    ["hangs before its headers", () => undefined, IMPATIENT, { requests: 1, retries: 0 }],
    [
      "sends its headers too late",
      (_request, response) => void setTimeout(() => body(JSON.stringify(keySet))(_request, response), 1000),
      IMPATIENT,
      { requests: 1, retries: 0 },
    ],
    [
      "sends its body a byte a second",
      (request, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        const text = JSON.stringify(keySet);
        let sent = 0;
        response.write(text[sent++]);
        const trickle = setInterval(() => response.write(text[sent++] ?? " "), 1000);
        request.on("close", () => clearInterval(trickle));
      },
      IMPATIENT,
      { requests: 1, retries: 0 },
    ],
    [
      "stops in the middle of its body and hangs",
      (_request, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"keys":[');
      },
      IMPATIENT,
      { requests: 1, retries: 0 },
    ],
    ["answers 500", status(500), FEW_RETRIES, { requests: 3, retries: 2 }],
    ["answers 429 without a word", status(429), FEW_RETRIES, { requests: 3, retries: 2 }],
    [
      "asks for an hour's pause",
      status(429, { "retry-after": "3600" }),
      FEW_RETRIES,
      { requests: 1, retries: 0 },
    ],
    [
      "asks for a longer pause than the deadline leaves",
      status(503, { "retry-after": "5" }),
      { ...FEW_RETRIES, requestTimeoutSeconds: 2 },
      { requests: 1, retries: 0 },
    ],
    ["answers 404", status(404), FEW_RETRIES, { requests: 1, retries: 0 }],
    [
      "resets the connection",
      (request) => void request.socket.resetAndDestroy(),
      FEW_RETRIES,
      { requests: 3, retries: 2 },
    ],
    [
      "resets the connection in the middle of its body",
      (request, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"keys":[', () => request.socket.resetAndDestroy());
      },
      FEW_RETRIES,
      { requests: 3, retries: 2 },
    ],
    [
      "speaks no HTTP",
      (request) => void request.socket.end("SSH-2.0-OpenSSH_9.6\r\n"),
      FEW_RETRIES,
      { requests: 3, retries: 2 },
    ],
    ["answers what is not JSON", body("<html>"), FEW_RETRIES, { requests: 1, retries: 0 }],
    ["answers an empty body", body(""), FEW_RETRIES, { requests: 1, retries: 0 }],
    ["answers what is no key set", json({ key: [good] }), FEW_RETRIES, { requests: 1, retries: 0 }],
    [
      "publishes 10,000 keys",
      json({ keys: Array.from({ length: 10_000 }, (_, i) => ({ kid: `k${i}` })) }),
      { ...FEW_RETRIES, maxResponseBytes: 10_000_000 },
      { requests: 1, retries: 0 },
    ],
    [
      "answers with an encoding that is none",
      body("not gzip at all", { "content-encoding": "gzip" }),
      FEW_RETRIES,
      { requests: 3, retries: 2 },
    ],
  ])("that %s costs a bounded time and 1010", async (_, answer, options, expected) => {
    const { errorCode, seconds, metrics, requests } = await verifyAgainst(answer, options);
    expect(errorCode).toBe(1010);
    expect(seconds).toBeLessThan(BOUND_SECONDS);
    expect({ requests, retries: metrics.retries }).toEqual(expected);
    expect(metrics).toMatchObject({ fetchSuccess: 0, fetchFailures: 1, cacheMisses: 1, staleServed: 0 });
  });

  test("that redirects to a private address is not followed, 1010", async () => {
    const inside = await startIssuer(json(keySet));
    for (const location of ["http://169.254.169.254/latest/meta-data", `${inside.issuer}/keys`]) {
      const { errorCode, requests } = await verifyAgainst(status(302, { location }), FEW_RETRIES);
      expect([errorCode, requests]).toEqual([1010, 1]);
    }
    expect(inside.requests).toEqual([]);
  });

  test("that asks for a pause of a second gets it, and the verification succeeds", async () => {
    let answers = 0;
    const { errorCode, seconds, metrics, observer } = await verifyAgainst((request, response) => {
      (answers++ === 0 ? status(429, { "retry-after": "1" }) : json(keySet))(request, response);
    }, {});
    expect(errorCode).toBeNull();
    expect(seconds).toBeGreaterThan(0.99);
    expect(seconds).toBeLessThan(3);
    expect(metrics).toMatchObject({ retries: 1, fetchSuccess: 1, fetchFailures: 0 });
    expect(observer.events[0]).toMatchObject({ type: "key_set_fetch_retried", attempt: 1, delaySeconds: 1 });
  });

  test("that sends 50 MB is left after 256 KiB, 1010", async () => {
    let written = 0;
    const chunk = Buffer.alloc(65_536, " ");
    const { errorCode, seconds, requests, metrics } = await verifyAgainst((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      flood(response, chunk, 50_000_000, (bytes) => {
        written += bytes;
      });
    }, FEW_RETRIES);
    expect(errorCode).toBe(1010);
    expect(seconds).toBeLessThan(BOUND_SECONDS);
    // The sockets on both ends take in some megabytes before they stall.
    expect(written).toBeLessThan(20_000_000);
    expect(requests).toBe(1);
    expect(metrics).toMatchObject({ fetchFailures: 1, retries: 0 });
  });

  test("that announces 50 MB is not read at all, 1010", async () => {
    const answer: Answer = (_request, response) => {
      response.writeHead(200, { "content-length": "50000000" });
      response.write(" ");
    };
    const { errorCode, seconds } = await verifyAgainst(answer, FEW_RETRIES);
    expect(errorCode).toBe(1010);
    expect(seconds).toBeLessThan(BOUND_SECONDS);
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["deflate", deflateRawSync],
    ["br", (plain: Buffer) => brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ])("that sends a %s bomb of 100 MB has no more unpacked than is read, 1010", async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(100_000_000));
    const before = process.memoryUsage().arrayBuffers;
    const { errorCode, seconds, requests } = await verifyAgainst(
      body(bomb, { "content-encoding": encoding }),
      FEW_RETRIES,
    );
    expect(errorCode).toBe(1010);
    expect(seconds).toBeLessThan(BOUND_SECONDS);
    expect(requests).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  test.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    // Without zlib's header, as some servers send it: stored, with fixed codes, with codes of its own.
    ["deflate", deflateRawSync],
    ["deflate", (plain: string) => deflateRawSync(plain, { level: 0 })],
    ["deflate", (plain: string) => deflateRawSync(plain, { strategy: constants.Z_FIXED })],
    ["br", brotliCompressSync],
  ])("that packs an honest key set with %s is understood (%#)", async (encoding, compress) => {
    const packed = compress(JSON.stringify(keySet));
    const { errorCode } = await verifyAgainst(body(packed, { "content-encoding": encoding }), FEW_RETRIES);
    expect(errorCode).toBeNull();
  });

  test.each<[string, readonly unknown[], number | null]>([
    ["one junk key among good ones", [{ kty: "RSA", n: "AQAB" }, 7, null, good], null],
    ["a small-order point under another kid", [{ ...good, kid: "weak", x: "A".repeat(43) }, good], null],
    [
      "two keys with the kid that is asked for",
      [good, { ...KeyPair.generate().toJwk(), kid: "key-1" }],
      1003,
    ],
    ["the key with use: enc", [{ ...good, use: "enc" }], 1003],
    ["the key with key_ops of another kind", [{ ...good, key_ops: ["encrypt"] }], 1003],
    ["the key with another alg", [{ ...good, alg: "ES256" }], 1003],
    ["no key", [], 1003],
  ])("that publishes %s spoils nothing else", async (_, keys, expected) => {
    const { errorCode, metrics, requests } = await verifyAgainst(json({ keys }), FEW_RETRIES);
    expect(errorCode).toBe(expected);
    expect(metrics).toMatchObject({ fetchSuccess: 1, fetchFailures: 0 });
    expect(requests).toBe(1);
  });
});
