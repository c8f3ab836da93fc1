import {
  type Clock,
  Ed25519PublicKey,
  type KeyPair,
  type SignatureAlgorithm,
  type Signer,
  systemClock,
} from "@attest/core";
import { assertOptions, assertSeconds, kindOf } from "@attest/core/internal";
import type { JWKSet, PublishedJwk } from "./jwk-set.js";
import { MAX_KEYS } from "./key-set.js";
import type { KeySetSource } from "./key-set-source.js";

/**
 * How long a retired key stays published unless `rotate` says otherwise, in seconds: the longest life (900) that
 * verifiers accept by default, and their clock skew (30).
 */
const KEEP_FOR_SECONDS = 930;

/** A key that signs no more, and is published while tokens that it signed live. Its private half is gone. */
export interface RetiredKey {
  readonly jwk: PublishedJwk;
  /** From when on it is published no more, in seconds since the Unix epoch. */
  readonly publishedUntil: number;
}

export interface KeyRingOptions {
  /** What signs. */
  readonly current: KeyPair;
  /** What is to sign next: published already, so that verifiers know it by then. */
  readonly next?: KeyPair | undefined;
  /** What has signed before, as an earlier ring's `previous` had it. */
  readonly previous?: readonly RetiredKey[] | undefined;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

export interface RotateOptions {
  /**
   * For how long the key that signed until now stays published, in seconds: no less than its tokens live, plus the
   * verifiers' clock skew. Default 930. 0 when it has fallen into wrong hands: its tokens are then refused as
   * soon as the verifiers fetch the key set again.
   */
  readonly keepForSeconds?: number | undefined;
}

function isRetiredKey(value: unknown): value is RetiredKey {
  const { jwk, publishedUntil } = Object(value) as Partial<RetiredKey>;
  // A private half in it would be published.
  if (typeof publishedUntil !== "number" || !(publishedUntil >= 0) || "d" in Object(jwk)) return false;
  try {
    return typeof jwk?.kid === "string" && jwk.kid !== "" && !!Ed25519PublicKey.fromJwk(jwk);
  } catch {
    return false;
  }
}

/**
 * A provider's keys while they change: one signs, one may be announced, the retired ones are published until the
 * last token they signed has expired. Sign with it (`AttestationProvider`), publish it (`jwksHandler`).
 *
 * `announce` a key, give verifiers the time to see it, then `rotate` to it. It writes nothing to disk: `current`,
 * `next` and `previous` are what to keep, and what to make the next process's ring of.
 */
export class KeyRing implements Signer, KeySetSource {
  #current: KeyPair;
  #next: KeyPair | undefined;
  #previous: readonly RetiredKey[];
  readonly #clock: Clock;

  /**
   * @throws {TypeError | RangeError} when two of the keys have one `kid`, something is not a key, or a retired one has
   *   its private half still, or more than 100 would be published.
   */
  constructor(options: KeyRingOptions) {
    assertOptions("KeyRing", options, ["current", "next", "previous", "clock"]);
    const { current, next, previous = [], clock = systemClock } = options;
    assertKeyPair("current", current);
    if (next !== undefined) assertKeyPair("next", next);
    if (!Array.isArray(previous) || !previous.every(isRetiredKey)) {
      throw new TypeError(
        "previous must be a list of { jwk, publishedUntil } of public keys, as an earlier ring's previous had it",
      );
    }
    const kids = [current, ...(next === undefined ? [] : [next]), ...previous.map(({ jwk }) => jwk)];
    if (new Set(kids.map(({ kid }) => kid)).size < kids.length)
      throw new TypeError("the keys of a ring must have different kids");
    this.#current = current;
    this.#next = next;
    this.#previous = [...previous];
    this.#clock = clock;
    assertRoom(this.jwks().keys.length);
  }

  /** The key that signs now. */
  get current(): KeyPair {
    return this.#current;
  }

  /** The key that is announced, if one is. */
  get next(): KeyPair | undefined {
    return this.#next;
  }

  /** The retired keys that are still published. */
  get previous(): readonly RetiredKey[] {
    const now = this.#clock.now();
    this.#previous = this.#previous.filter(({ publishedUntil }) => now < publishedUntil);
    return this.#previous;
  }

  get kid(): string {
    return this.#current.kid;
  }

  get alg(): SignatureAlgorithm {
    return this.#current.alg;
  }

  /** The signature of the current key (RFC 8032 §5.1.6). */
  sign(message: Uint8Array): Uint8Array {
    return this.#current.sign(message);
  }

  /** The public keys as they are to be published now: current, announced, retired. */
  jwks(): JWKSet {
    const announced = this.#next === undefined ? [] : [this.#next.toJwk()];
    return { keys: [this.#current.toJwk(), ...announced, ...this.previous.map(({ jwk }) => jwk)] };
  }

  /**
   * A ring of the same keys. Take a step on the copy, write down what that came to, and only then take it on the
   * ring: what cannot be kept is not done.
   */
  copy(): KeyRing {
    const ring = new KeyRing({ current: this.#current, next: this.#next, clock: this.#clock });
    // Not by way of the options: whether the keys are keys has been asked already, and takes its time.
    ring.#previous = this.previous;
    return ring;
  }

  /**
   * Publishes `next` without signing with it yet. An earlier announced key is taken back.
   *
   * @throws {TypeError | RangeError} when it is not a key pair, its `kid` is another key's, or 100 keys are published
   *   already: verifiers refuse key sets with more.
   */
  announce(next: KeyPair): void {
    this.#assertNew("next", next);
    assertRoom(this.previous.length + 2);
    this.#next = next;
  }

  /**
   * Signs with `next` from now on, and retires the key that signed until now. An announced key that is not `next`
   * stays announced.
   *
   * @param next the announced key; another one in an emergency, which verifiers then have to look up
   * @throws {TypeError | RangeError} when it is not a key pair, its `kid` is another key's, the time is no time, or
   *   100 keys are published already: verifiers refuse key sets with more.
   */
  rotate(next: KeyPair, options: RotateOptions = {}): void {
    this.#assertNew("next", next);
    assertOptions("rotate", options, ["keepForSeconds"]);
    const { keepForSeconds = KEEP_FOR_SECONDS } = options;
    assertSeconds("keepForSeconds", keepForSeconds, { min: 0 });
    const staysAnnounced = this.#next !== undefined && this.#next.kid !== next.kid;
    assertRoom(this.previous.length + (staysAnnounced ? 3 : 2));
    const jwk = Object.freeze(this.#current.toJwk());
    this.#previous = [{ jwk, publishedUntil: this.#clock.now() + keepForSeconds }, ...this.previous];
    this.#current = next;
    if (this.#next?.kid === next.kid) this.#next = undefined;
  }

  /** A kid that was used before could make verifiers check with the wrong key. */
  #assertNew(name: string, keyPair: KeyPair): void {
    assertKeyPair(name, keyPair);
    const isTaken =
      keyPair.kid === this.#current.kid || this.previous.some(({ jwk }) => jwk.kid === keyPair.kid);
    const isOther =
      this.#next?.kid === keyPair.kid && this.#next.publicKey.thumbprint() !== keyPair.publicKey.thumbprint();
    if (isTaken || isOther) throw new TypeError(`${name}.kid is the kid of another key of the ring`);
  }
}

/** Verifiers would refuse the whole key set. */
function assertRoom(keys: number): void {
  if (keys <= MAX_KEYS) return;
  throw new RangeError(
    `a key set has at most ${MAX_KEYS} keys; wait until retired ones expire, or keep them for less time`,
  );
}

function assertKeyPair(name: string, value: unknown): void {
  const { sign, toJwk } = (value ?? {}) as Partial<KeyPair>;
  if (typeof sign !== "function" || typeof toJwk !== "function")
    throw new TypeError(`${name} must be a KeyPair, got ${kindOf(value)}`);
}
