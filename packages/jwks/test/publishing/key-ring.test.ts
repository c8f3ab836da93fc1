import { inspect } from "node:util";
import { KeyPair } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { describe, expect, test } from "vitest";
import { jwksHandler } from "../../src/publishing/jwks-handler.js";
import { KeyRing, type KeyRingOptions, type RotateOptions } from "../../src/publishing/key-ring.js";

const [a, b, c] = [KeyPair.generate("a"), KeyPair.generate("b"), KeyPair.generate("c")];
const message = new TextEncoder().encode("message");

function ringOf(options: Partial<KeyRingOptions> = {}) {
  const clock = new FixedClock();
  return { clock, ring: new KeyRing({ current: a, clock, ...options }) };
}

const published = (ring: KeyRing) => ring.jwks().keys.map(({ kid }) => kid);

describe("KeyRing", () => {
  test("signs with the current key, under its kid", () => {
    const { ring } = ringOf();
    expect([ring.kid, ring.alg, ring.current]).toEqual(["a", "EdDSA", a]);
    expect(a.publicKey.verify(message, ring.sign(message))).toBe(true);
  });

  test("publishes an announced key without signing with it", () => {
    const { ring } = ringOf();
    ring.announce(b);
    expect(published(ring)).toEqual(["a", "b"]);
    expect([ring.kid, ring.next]).toEqual(["a", b]);
    ring.announce(c);
    expect(published(ring)).toEqual(["a", "c"]);
  });

  test("rotates to the announced key, and keeps the old one published for keepForSeconds and not longer", () => {
    const { ring, clock } = ringOf({ next: b });
    ring.rotate(b, { keepForSeconds: 100 });
    expect(ring.kid).toBe("b");
    expect(b.publicKey.verify(message, ring.sign(message))).toBe(true);
    expect(published(ring)).toEqual(["b", "a"]);
    expect(ring.next).toBeUndefined();
    expect(ring.previous).toEqual([{ jwk: a.toJwk(), publishedUntil: clock.now() + 100 }]);
    clock.advance(99);
    expect(published(ring)).toEqual(["b", "a"]);
    clock.advance(1);
    expect(published(ring)).toEqual(["b"]);
    expect(ring.previous).toEqual([]);
  });

  test("keeps a retired key for as long as verifiers accept its tokens by default", () => {
    const { ring, clock } = ringOf();
    ring.rotate(b);
    clock.advance(929);
    expect(published(ring)).toEqual(["b", "a"]);
    clock.advance(1);
    expect(published(ring)).toEqual(["b"]);
  });

  test("rotates at once to a key nobody knew, leaves the announced one, and drops a key in wrong hands", () => {
    const { ring } = ringOf({ next: b });
    ring.rotate(c, { keepForSeconds: 0 });
    expect(published(ring)).toEqual(["c", "b"]);
  });

  test("goes on where another process left off", () => {
    const { ring, clock } = ringOf({ next: b });
    ring.rotate(b, { keepForSeconds: 100 });
    ring.announce(c);
    const { current, next, previous } = ring;
    const later = new KeyRing({ current, next, previous, clock });
    expect(published(later)).toEqual(published(ring));
    clock.advance(100);
    expect(published(later)).toEqual(["b", "c"]);
  });

  test("shows no private half: neither that of a retired key, nor any other on inspection", () => {
    const { ring } = ringOf({ next: b });
    ring.rotate(b);
    ring.announce(c);
    const looks = [
      inspect(ring, { depth: 9, showHidden: true }),
      JSON.stringify(ring),
      JSON.stringify(ring.jwks()),
    ];
    for (const key of [a, b, c]) {
      for (const look of looks) expect(look).not.toContain(key.toPrivateJwk().d);
    }
    expect(JSON.stringify(ring.previous)).not.toContain(a.toPrivateJwk().d);
  });

  test("is what jwksHandler publishes, under another tag after each change", async () => {
    const { ring, clock } = ringOf();
    const handler = jwksHandler(ring);
    const seen: string[] = [];
    const look = async () => {
      const response = handler(new Request("https://issuer.example/"));
      const { keys } = (await response.json()) as { keys: { kid: string }[] };
      seen.push(`${response.headers.get("etag")} ${keys.map(({ kid }) => kid)}`);
    };
    await look();
    ring.announce(b);
    await look();
    ring.rotate(b, { keepForSeconds: 10 });
    await look();
    clock.advance(10);
    await look();
    expect(seen.map((line) => line.split(" ")[1])).toEqual(["a", "a,b", "b,a", "b"]);
    expect(new Set(seen.map((line) => line.split(" ")[0])).size).toBe(4);
  });

  test("refuses a kid that another of its keys has", () => {
    const impostor = (kid: string) => KeyPair.generate(kid);
    expect(() => ringOf({ next: impostor("a") })).toThrow("different kids");
    const { ring } = ringOf({ next: b });
    expect(() => ring.announce(impostor("a"))).toThrow("next.kid");
    expect(() => ring.announce(impostor("b"))).toThrow("next.kid");
    expect(() => ring.rotate(impostor("b"))).toThrow("next.kid");
    expect(() => ring.rotate(a)).toThrow("next.kid");
    ring.rotate(b);
    expect(() => ring.announce(a)).toThrow("next.kid");
    expect(() => ring.rotate(impostor("a"))).toThrow("next.kid");
    expect(published(ring)).toEqual(["b", "a"]);
  });

  test.each<[() => unknown, string]>([
    [() => new KeyRing({ current: {} as KeyPair }), "current"],
    [() => new KeyRing(a as never), "make it { current: keyPair }"],
    [() => new KeyRing(undefined as never), "KeyRing takes an object of options, got undefined"],
    [
      () => new KeyRing({ current: a, clock: Date.now as never }),
      "clock must be a Clock: { now() } in seconds",
    ],
    [() => new KeyRing({ current: a, nxt: b } as never), 'unknown option "nxt"'],
    [() => new KeyRing({ current: a, previous: [b] as never }), "a list with something else in it"],
    [() => ringOf().ring.rotate(b, 930 as never), "rotate takes an object of options, got number"],
    [() => new KeyRing({ current: a, next: "b" as unknown as KeyPair }), "next"],
    [
      () => new KeyRing({ current: a, previous: [{ jwk: b.toJwk(), publishedUntil: Number.NaN }] }),
      "publishedUntil",
    ],
    [() => new KeyRing({ current: a, previous: [{ jwk: { kid: "x" } as never, publishedUntil: 1 }] }), "jwk"],
    [() => ringOf().ring.announce(undefined as unknown as KeyPair), "next"],
    [() => ringOf().ring.rotate(b, { keepForSeconds: -1 }), "keepForSeconds"],
    [() => ringOf().ring.rotate(b, { keepForSeconds: "1" } as unknown as RotateOptions), "keepForSeconds"],
  ])("says what is wrong with it (%#)", (misuse, name) => {
    expect(misuse).toThrow(name);
  });

  test("publishes no more keys than verifiers accept, and is left as it was", () => {
    const clock = new FixedClock();
    const ring = new KeyRing({ current: KeyPair.generate("0"), clock });
    for (let key = 1; key < 100; key++) ring.rotate(KeyPair.generate(`${key}`));
    expect(ring.jwks().keys).toHaveLength(100);
    expect(() => ring.rotate(KeyPair.generate("100"))).toThrow(/at most 100 keys/);
    expect(() => ring.announce(KeyPair.generate("100"))).toThrow(/at most 100 keys/);
    expect(ring.kid).toBe("99");
    clock.advance(930);
    ring.rotate(KeyPair.generate("100"));
    expect(ring.kid).toBe("100");
  });

  test("is made of retired keys that are public, and of no more than verifiers accept", () => {
    const retired = (kid: string, publishedUntil = 2e9) => ({
      jwk: KeyPair.generate(kid).toJwk(),
      publishedUntil,
    });
    const secret = { jwk: KeyPair.generate("old").toPrivateJwk(), publishedUntil: 2e9 };
    const unnamed = { jwk: { ...KeyPair.generate().toJwk(), kid: 1 as never }, publishedUntil: 2e9 };
    for (const wrong of [secret, unnamed]) {
      expect(() => ringOf({ previous: [wrong] })).toThrow(/previous must be a list/);
    }
    const previous = Array.from({ length: 100 }, (_, key) => retired(`${key}`));
    expect(() => ringOf({ previous })).toThrow(/at most 100 keys/);
    expect(ringOf({ previous: previous.slice(1) }).ring.jwks().keys).toHaveLength(100);
  });

  test("is left as it was by a step that its copy takes", () => {
    const [current, next] = [KeyPair.generate("current"), KeyPair.generate("next")];
    const ring = new KeyRing({ current, next });
    const copy = ring.copy();
    copy.rotate(next);
    expect([copy.kid, copy.previous.map(({ jwk }) => jwk.kid)]).toEqual(["next", ["current"]]);
    expect([ring.kid, ring.next?.kid, ring.previous]).toEqual(["current", "next", []]);
  });
});
