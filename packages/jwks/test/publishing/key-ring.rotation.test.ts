import { KeyPair } from "@attest/core";
import { describe, expect, test } from "vitest";
import { jwksHandler } from "../../src/publishing/jwks-handler.js";
import { KeyRing } from "../../src/publishing/key-ring.js";
import { minter, verifierOf } from "../support/attested.js";
import { type Answer, startIssuer, status } from "../support/issuer-server.js";

const MAX_AGE = 60;
const TOKEN_LIFE = 90;
const KEEP = TOKEN_LIFE + 30;
const ROTATIONS = 5;

/** Serves what the handler answers over real HTTP. */
function serve(handler: (request: Request) => Response): Answer {
  return async (request, response) => {
    const answer = handler(new Request("https://issuer.example", { method: request.method ?? "GET" }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  };
}

/** An issuer with a key ring and a verifier, both on one clock. */
async function startRotating() {
  const server = await startIssuer(status(503));
  const watched = verifierOf(server.issuer, { retry: { maxRetries: 1, baseDelaySeconds: 0.001 } });
  const ring = new KeyRing({ current: KeyPair.generate("key-0"), clock: watched.clock });
  server.answer = serve(jwksHandler(ring, { maxAgeSeconds: MAX_AGE }));
  return { ...watched, server, ring, mint: minter(server.issuer, ring, watched.clock) };
}

describe("a rotation", () => {
  test("five times under load refuses no honest token, and retired keys after their time", async () => {
    const { verifier, clock, server, ring, mint, fetcher } = await startRotating();
    const retired: KeyPair[] = [];
    /** Tokens to be verified at the second they are filed under. */
    const due = new Map<number, string[]>();
    let verified = 0;
    const refused: unknown[] = [];
    const rotationEvery = MAX_AGE + 20;

    for (let second = 0; second < ROTATIONS * rotationEvery + KEEP; second++) {
      const rotation = Math.floor(second / rotationEvery) + 1;
      if (rotation <= ROTATIONS) {
        if (second % rotationEvery === 0) ring.announce(KeyPair.generate(`key-${rotation}`));
        if (second % rotationEvery === MAX_AGE && ring.next !== undefined) {
          retired.push(ring.current);
          ring.rotate(ring.next, { keepForSeconds: KEEP });
        }
      }
      // At once, halfway through, and in their last second.
      for (const wait of [0, TOKEN_LIFE / 2, TOKEN_LIFE - 1]) {
        const token = await mint(TOKEN_LIFE);
        due.set(second + wait, [...(due.get(second + wait) ?? []), token]);
      }
      const results = await Promise.all((due.get(second) ?? []).map((token) => verifier.verify(token)));
      due.delete(second);
      for (const result of results) {
        if (result.verified) verified++;
        else refused.push({ second, code: result.errorCode });
      }
      clock.advance(1);
    }
    expect(refused).toEqual([]);
    expect(verified).toBeGreaterThan(1000);
    expect(retired).toHaveLength(ROTATIONS);

    // Their last tokens have expired, and the key set is fetched at least every MAX_AGE seconds.
    clock.advance(MAX_AGE);
    for (const keyPair of retired) {
      const forged = await minter(server.issuer, keyPair, clock)(TOKEN_LIFE);
      expect(await verifier.verify(forged)).toMatchObject({ verified: false, errorCode: 1003 });
    }
    expect(await verifier.verify(await mint())).toMatchObject({ verified: true });
    expect(fetcher.metrics.fetchFailures).toBe(0);
  });

  test("to an announced key asks the issuer nothing, and refuses no token while the issuer is down", async () => {
    const { verifier, clock, server, ring, mint } = await startRotating();
    ring.announce(KeyPair.generate("key-1"));
    await verifier.verify(await mint());
    server.answer = status(503);
    if (ring.next !== undefined) ring.rotate(ring.next, { keepForSeconds: KEEP });
    expect(await verifier.verify(await mint())).toMatchObject({ verified: true });
    expect(server.requests).toHaveLength(1);
    clock.advance(3600);
    expect(await verifier.verify(await mint())).toMatchObject({ verified: true });
  });

  test("to a key that nobody announced is found at once", async () => {
    const { verifier, server, ring, mint } = await startRotating();
    await verifier.verify(await mint());
    ring.rotate(KeyPair.generate("key-1"), { keepForSeconds: KEEP });
    const tokens = await Promise.all(Array.from({ length: 50 }, () => mint()));
    const results = await Promise.all(tokens.map((token) => verifier.verify(token)));
    expect(results.every(({ verified }) => verified)).toBe(true);
    expect(server.requests).toHaveLength(2);
  });

  test("away from a key in wrong hands refuses its tokens when the key set is fetched again", async () => {
    const { verifier, fetcher, clock, server, ring } = await startRotating();
    const stolen = ring.current;
    const mintStolen = minter(server.issuer, stolen, clock);
    await verifier.verify(await mintStolen());
    ring.rotate(KeyPair.generate("key-1"), { keepForSeconds: 0 });
    fetcher.invalidate(server.issuer);
    expect(await verifier.verify(await mintStolen())).toMatchObject({ errorCode: 1003 });
  });
});
