import { randomBytes } from "../random.js";
import { type Fingerprint, fingerprint } from "./fingerprint.js";

/** Enough that at ten million members a shard is rebuilt within a few milliseconds. */
const SHARDS = 1024;
const SMALLEST_CAPACITY = 16;
/** A slot is three words of fingerprint and the second of expiry; expiry 0 marks a slot that was never used. */
const WORDS = 4;
const LATEST_SECOND = 0xffff_ffff;

/**
 * A set of texts that each expire at a second of their own, without pauses at any size: what it holds lies in
 * flat arrays that the garbage collector does not walk, and grows a shard at a time. Expired members are
 * overwritten, or left out when their shard is rebuilt.
 */
export class ExpiringSet {
  /** Made with the first id: Workers have no randomness before they serve, and caches are made at the top of a module. */
  #seed: Fingerprint | undefined;
  readonly #scratch: Fingerprint = new Uint32Array(4);
  #shards: Shard[] = [];
  /** Number of members that expire at each second, without those that have expired. */
  readonly #expiring = new Map<number, number>();
  #size = 0;
  #forgottenUntil = 0;

  /** Number of members that have not expired, as of the last `expireUntil`. */
  get size(): number {
    return this.#size;
  }

  /** The latest second of expiry among the members that have been let expire. */
  get forgottenUntil(): number {
    return this.#forgottenUntil;
  }

  /** Lets members expire: those whose second is `second` or before. */
  expireUntil(second: number): void {
    for (const [expiry, count] of this.#expiring) {
      if (expiry > second) continue;
      this.#size -= count;
      this.#forgottenUntil = Math.max(this.#forgottenUntil, expiry);
      this.#expiring.delete(expiry);
    }
  }

  /** Whether `text` is a member at `second`. */
  has(text: string, second: number): boolean {
    this.#fingerprint(text);
    return this.#shard().has(this.#scratch, second);
  }

  /** Makes `text` a member until `expiry`. Returns whether it was none at `second`. */
  add(text: string, expiry: number, second: number): boolean {
    const kept = Math.min(expiry, LATEST_SECOND);
    this.#fingerprint(text);
    if (!this.#shard().add(this.#scratch, kept, second)) return false;
    this.#expiring.set(kept, (this.#expiring.get(kept) ?? 0) + 1);
    this.#size += 1;
    return true;
  }

  clear(): void {
    this.#shards = [];
    this.#expiring.clear();
    this.#size = 0;
  }

  /** Writes the fingerprint of `text` into the scratch memory. */
  #fingerprint(text: string): void {
    this.#seed ??= new Uint32Array(randomBytes(16).buffer);
    fingerprint(text, this.#seed, this.#scratch);
  }

  /** The fingerprint's fourth word picks the shard; the other three are what is stored. */
  #shard(): Shard {
    const index = (this.#scratch[3] ?? 0) % SHARDS;
    let shard = this.#shards[index];
    if (shard === undefined) {
      shard = new Shard();
      this.#shards[index] = shard;
    }
    return shard;
  }
}

/** An open-addressed table with linear probing. */
class Shard {
  #slots = new Uint32Array(SMALLEST_CAPACITY * WORDS);
  /** Slots that were used since the last rebuild, expired ones included. */
  #used = 0;

  has(print: Fingerprint, second: number): boolean {
    const slot = this.#find(print);
    return (this.#slots[slot + 3] ?? 0) > second;
  }

  add(print: Fingerprint, expiry: number, second: number): boolean {
    const slot = this.#find(print);
    const held = this.#slots[slot + 3] ?? 0;
    if (held > second) return false;
    write(this.#slots, slot, print, expiry);
    if (held === 0) this.#used += 1;
    if (this.#used * 4 > (this.#slots.length / WORDS) * 3) this.#rebuild(second);
    return true;
  }

  /** The slot of `print`: where it is, or the first never used one on its way. */
  #find(print: Fingerprint): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = ((print[0] ?? 0) * WORDS) & mask;
    while (slots[slot + 3] !== 0) {
      if (slots[slot] === print[0] && slots[slot + 1] === print[1] && slots[slot + 2] === print[2]) break;
      slot = (slot + WORDS) & mask;
    }
    return slot;
  }

  /** Moves what has not expired into a table that is at most half full. */
  #rebuild(second: number): void {
    const old = this.#slots;
    let live = 0;
    for (let slot = 0; slot < old.length; slot += WORDS) if ((old[slot + 3] ?? 0) > second) live += 1;
    let capacity = SMALLEST_CAPACITY;
    while (live * 2 > capacity) capacity *= 2;
    this.#slots = new Uint32Array(capacity * WORDS);
    this.#used = live;
    const print = new Uint32Array(4);
    for (let slot = 0; slot < old.length; slot += WORDS) {
      const expiry = old[slot + 3] ?? 0;
      if (expiry <= second) continue;
      for (let word = 0; word < 3; word++) print[word] = old[slot + word] ?? 0;
      write(this.#slots, this.#find(print), print, expiry);
    }
  }
}

function write(slots: Uint32Array, slot: number, print: Fingerprint, expiry: number): void {
  slots[slot] = print[0] ?? 0;
  slots[slot + 1] = print[1] ?? 0;
  slots[slot + 2] = print[2] ?? 0;
  slots[slot + 3] = expiry;
}
