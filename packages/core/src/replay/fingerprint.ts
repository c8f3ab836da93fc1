/** 128 bits as four 32-bit words; written into, so that fingerprinting allocates nothing. */
export type Fingerprint = Uint32Array<ArrayBuffer>;

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/**
 * Writes the fingerprint of `text` into `out`: MurmurHash3 x86_128 (Appleby, public domain) over the UTF-16
 * units, seeded.
 *
 * It is no cryptographic hash and need not be. Equal texts always agree, so a replay is never missed. Texts that
 * merely collide would refuse an honest token: by chance that takes some 2^64 live ids, and on purpose a trusted
 * issuer that knows the seed and the other token's id before it is used.
 */
export function fingerprint(text: string, seed: Fingerprint, out: Fingerprint): void {
  let h1 = seed[0] ?? 0;
  let h2 = seed[1] ?? 0;
  let h3 = seed[2] ?? 0;
  let h4 = seed[3] ?? 0;
  // Blocks of 16 bytes, which is eight units; beyond the end there are zeros, and the length tells them apart.
  for (let index = 0; index < text.length; index += 8) {
    h1 ^= Math.imul(rotate(Math.imul(wordAt(text, index), C1), 15), C2);
    h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotate(Math.imul(wordAt(text, index + 2), C2), 16), C3);
    h2 = (Math.imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotate(Math.imul(wordAt(text, index + 4), C3), 17), C4);
    h3 = (Math.imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotate(Math.imul(wordAt(text, index + 6), C4), 18), C1);
    h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  h1 ^= text.length;
  h2 ^= text.length;
  h3 ^= text.length;
  h4 ^= text.length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h1 = avalanche(h1);
  h2 = avalanche((h2 + h1) | 0);
  h3 = avalanche((h3 + h1) | 0);
  h4 = avalanche((h4 + h1) | 0);
  out[0] = (h1 + h2 + h3 + h4) | 0;
  out[1] = (h2 + h1) | 0;
  out[2] = (h3 + h1) | 0;
  out[3] = (h4 + h1) | 0;
}

/** Two units as one word; zeros beyond the end. */
function wordAt(text: string, index: number): number {
  if (index + 1 < text.length) return text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16);
  return index < text.length ? text.charCodeAt(index) : 0;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function avalanche(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
