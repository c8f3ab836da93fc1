import { kindOf } from "@attest/core/internal";

/** @throws {TypeError} when `url` is no Redis URL; it says nothing of its content, which may be a password. */
export function assertRedisUrl(url: unknown): asserts url is string {
  if (typeof url !== "string") throw new TypeError(`url must be a string, got ${kindOf(url)}`);
  if (/^unix:\/\/[^/]*\/./.test(url)) return;
  const parsed = URL.parse(url);
  if (parsed === null || !["redis:", "rediss:"].includes(parsed.protocol) || parsed.hostname === "")
    throw new TypeError("url must be redis://host:port, rediss://host:port or unix:///path");
  if (!/^\/?\d*$/.test(parsed.pathname))
    throw new TypeError("url may end with the number of a database, as in /0");
}

/** @throws {TypeError} when `client` lacks the commands that are needed, or would change the keys. */
export function assertClient(client: unknown): void {
  if (client === undefined) return;
  if (typeof client !== "object" || client === null)
    throw new TypeError(
      `client must be a node-redis client, pool, cluster or sentinel, got ${kindOf(client)}`,
    );
  const commands = client as Readonly<Record<string, unknown>>;
  const ofNodes = "masters" in client ? ["nodeClient"] : ["scan", "unlink", "info"];
  const missing = ["set", "exists", "setRange", ...ofNodes].find(
    (name) => typeof commands[name] !== "function",
  );
  if (missing !== undefined)
    throw new TypeError(
      `client must be a node-redis client, pool, cluster or sentinel; this has no ${missing}()`,
    );
  // Its SCAN would not look where its SET has written, so that nothing would be counted or cleared.
  const options = commands["options"] as { readonly keyPrefix?: unknown } | undefined;
  if (options?.keyPrefix || commands["_keyPrefix"])
    throw new TypeError("client must not have a keyPrefix of its own; give keyPrefix to RedisReplayCache");
}

/** @throws {RangeError} when `value` is no whole number of at least `min`. */
export function assertWhole(option: string, value: unknown, min: number): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= min) return;
  const got = typeof value === "number" ? String(value) : kindOf(value);
  throw new RangeError(`${option} must be a whole number, at least ${min}, got ${got}`);
}
