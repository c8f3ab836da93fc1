import type { Clock, KeyPair, SignatureAlgorithm, Signer } from "@attest/core";
import {
  clock,
  kindOf,
  membersOf,
  type OptionsSpec,
  optional,
  readOptions,
  seconds,
} from "@attest/core/internal";
import { type JWKSet, MAX_KEYS } from "../jwk-set.js";
import type { KeySetSource } from "./jwks-handler.js";
import { type RetiredKey, readRetiredKeys } from "./retired-key.js";

/**
 * How long a retired key stays published unless `rotate` says otherwise, in seconds: the longest life (900) that verifiers
 * accept by default, and their clock skew (30).
 */
const KEEP_FOR_SECONDS = 930;

export interface KeyRingOptions {
  /** Key that signs. */
  readonly current: KeyPair;
  /** Key that is to sign next. It is published already, so that verifiers know it by then. */
  readonly next?: KeyPair | undefined;
  /** Keys that have signed before, as an earlier ring's `previous` had them. */
  readonly previous?: readonly RetiredKey[] | undefined;
  /** Source of the time. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

interface KeyRingSettings {
  readonly current: KeyPair;
  readonly next: KeyPair | undefined;
  readonly previous: readonly RetiredKey[];
  readonly clock: Clock;
}

const OPTIONS: OptionsSpec<KeyRingSettings> = {
  current: readKeyPair,
  next: optional(readKeyPair),
  previous: readRetiredKeys,
  clock: clock(),
};

export interface RotateOptions {
  /**
   * How long the key that signed until now stays published, in seconds: no less than its tokens live, plus the verifiers'
   * clock skew. Default: 930 s. Use 0 for a key that has fallen into wrong hands: its tokens are refused as soon as the
   * verifiers fetch the key set again.
   */
  readonly keepForSeconds?: number | undefined;
}

const ROTATE_OPTIONS: OptionsSpec<{ keepForSeconds: number }> = { keepForSeconds: seconds(KEEP_FOR_SECONDS) };

/**
 * Keys of a provider while they change: one signs, one may be announced, and the retired ones are published until the last
 * token that they signed has expired. Sign with the ring (`AttestationProvider`), and publish it (`jwksHandler`).
 *
 * `announce` a key, give verifiers the time to see it, then `rotate` to it. A ring writes nothing to disk: keep `current`,
 * `next` and `previous`, and make the next process's ring of them.
 */
export class KeyRing implements Signer, KeySetSource {
  #current: KeyPair;
  #next: KeyPair | undefined;
  #previous: readonly RetiredKey[];
  readonly #clock: Clock;

  /**
   * @throws {TypeError | RangeError} when an option is wrong, two of the keys have one `kid`, a retired key still has its
   *   private half, or more than 100 keys would be published.
   */
  constructor(options: KeyRingOptions) {
    if (isKeyPair(options)) {
      throw new TypeError("KeyRing takes an object of options, got a KeyPair; make it { current: keyPair }");
    }
    const { current, next, previous, clock } = readOptions("KeyRing", options, OPTIONS);
    const kids = [current, ...(next === undefined ? [] : [next]), ...previous.map(({ jwk }) => jwk)];
    if (new Set(kids.map(({ kid }) => kid)).size < kids.length)
      throw new TypeError("the keys of a ring must have different kids");
    this.#current = current;
    this.#next = next;
    this.#previous = previous;
    this.#clock = clock;
    assertRoom(this.jwks().keys.length);
  }

  /** Key that signs now. */
  get current(): KeyPair {
    return this.#current;
  }

  /** Key that is announced, if there is one. */
  get next(): KeyPair | undefined {
    return this.#next;
  }

  /** Retired keys that are still published. */
  get previous(): readonly RetiredKey[] {
    const now = this.#clock.now();
    this.#previous = this.#previous.filter(({ publishedUntil }) => now < publishedUntil);
    return this.#previous;
  }

  /** Key id of the current key. */
  get kid(): string {
    return this.#current.kid;
  }

  /** Algorithm name of the current key. */
  get alg(): SignatureAlgorithm {
    return this.#current.alg;
  }

  /** Returns the current key's signature over `message` (RFC 8032 §5.1.6). */
  sign(message: Uint8Array): Uint8Array {
    return this.#current.sign(message);
  }

  /** Returns the public keys to be published now: current, announced, retired. */
  jwks(): JWKSet {
    const announced = this.#next === undefined ? [] : [this.#next.toJwk()];
    return { keys: [this.#current.toJwk(), ...announced, ...this.previous.map(({ jwk }) => jwk)] };
  }

  /**
   * Returns a ring of the same keys. Take a step on the copy and write down its result, and only then take it on the ring:
   * a step whose result cannot be kept is not taken.
   */
  copy(): KeyRing {
    const ring = new KeyRing({ current: this.#current, next: this.#next, clock: this.#clock });
    // Not by way of the options: these keys were checked already, and that takes its time.
    ring.#previous = this.previous;
    return ring;
  }

  /**
   * Publishes `next` without signing with it yet. A key that was announced earlier is taken back.
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
   * Signs with `next` from now on, and retires the key that signed until now. An announced key that is not `next` stays
   * announced.
   *
   * @param next the announced key; another key in an emergency, which verifiers then have to look up
   * @throws {TypeError | RangeError} when it is not a key pair, its `kid` is another key's, an option is wrong, or 100 keys
   *   are published already: verifiers refuse key sets with more.
   */
  rotate(next: KeyPair, options: RotateOptions = {}): void {
    this.#assertNew("next", next);
    const { keepForSeconds } = readOptions("rotate", options, ROTATE_OPTIONS);
    const staysAnnounced = this.#next !== undefined && this.#next.kid !== next.kid;
    assertRoom(this.previous.length + (staysAnnounced ? 3 : 2));
    const jwk = Object.freeze(this.#current.toJwk());
    this.#previous = [{ jwk, publishedUntil: this.#clock.now() + keepForSeconds }, ...this.previous];
    this.#current = next;
    if (this.#next?.kid === next.kid) this.#next = undefined;
  }

  /** Refuses a kid that was used before, since it could make verifiers check with the wrong key. */
  #assertNew(name: string, value: KeyPair): void {
    const { kid, publicKey } = readKeyPair(value, name);
    const isTaken = kid === this.#current.kid || this.previous.some(({ jwk }) => jwk.kid === kid);
    const isOther = this.#next?.kid === kid && this.#next.publicKey.thumbprint() !== publicKey.thumbprint();
    if (isTaken || isOther) throw new TypeError(`${name}.kid is the kid of another key of the ring`);
  }
}

/** Refuses more keys than verifiers accept in a key set. */
function assertRoom(keys: number): void {
  if (keys <= MAX_KEYS) return;
  throw new RangeError(
    `a key set has at most ${MAX_KEYS} keys; wait until retired ones expire, or keep them for less time`,
  );
}

function readKeyPair(value: unknown, name: string): KeyPair {
  if (isKeyPair(value)) return value;
  throw new TypeError(`${name} must be a KeyPair, got ${kindOf(value)}`);
}

function isKeyPair(value: unknown): value is KeyPair {
  const { sign, toJwk } = membersOf(value);
  return typeof sign === "function" && typeof toJwk === "function";
}
