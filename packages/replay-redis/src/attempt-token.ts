const BATCH = 256;
const tokens = new BigInt64Array(BATCH);
let next = BATCH;

/**
 * A random 64-bit number in decimal: who wrote a key. Redis keeps such a value in 16 bytes, half of what any other
 * text of these bits takes.
 */
export function attemptToken(): string {
  if (next === BATCH) {
    crypto.getRandomValues(tokens);
    next = 0;
  }
  const token = String(tokens[next]);
  next += 1;
  return token;
}
