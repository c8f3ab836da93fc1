import { kindOf, type Option } from "@attest/core/internal";

/** The exception that may be made for http. */
export type AllowInsecure = "loopback" | false;

/** Reads `allowInsecure`. Default: `false`. */
export const allowInsecureOption: Option<AllowInsecure> = (value = false, name) => {
  if (value === "loopback" || value === false) return value;
  throw new TypeError(`${name} must be "loopback" or false, got ${kindOf(value)}`);
};

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Returns `text` as a URL that tokens may be sent to: https, or http to this machine where that is allowed.
 *
 * @param fail makes the error of what is wrong with it, which does not repeat it
 * @throws {Error} when no token may be sent to it.
 */
export function tokenUrl(text: string, allowInsecure: AllowInsecure, fail: (problem: string) => Error): URL {
  const url = URL.parse(text);
  if (url === null) throw fail("must be an absolute URL");
  if (url.username !== "" || url.password !== "") throw fail("must not hold credentials");
  const isLoopback = allowInsecure === "loopback" && LOOPBACK.test(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback)) return url;
  throw fail('must be https; allowInsecure: "loopback" allows http to this machine only');
}
