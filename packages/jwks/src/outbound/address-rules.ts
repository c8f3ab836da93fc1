import { KeySetRefusedError } from "../errors/fetch-errors.js";
import { ipAddressBytes, isLoopbackAddress, isPrivateAddress, isPublicAddress } from "./public-address.js";

/** Addresses that requests may go to besides public ones over https. */
export interface AddressRules {
  /** `"loopback"` allows this machine, over http too. */
  readonly allowInsecure?: "loopback" | false | undefined;
  /** Whether addresses of private networks are allowed, over https: RFC 1918, RFC 6598, RFC 4193. */
  readonly allowPrivateNetwork?: boolean | undefined;
}

/**
 * Returns `text` as a URL that a request may be made to, as far as the URL itself tells.
 *
 * @param what names the URL in messages, such as `key set's URL`. The message does not repeat the URL.
 * @throws {KeySetRefusedError} when no request may be made to it.
 */
export function guardedUrl(text: string, what: string, rules: AddressRules): URL {
  const url = URL.parse(text);
  if (url === null) throw new KeySetRefusedError(`the ${what} is not absolute`);
  if (url.username !== "" || url.password !== "")
    throw new KeySetRefusedError(`the ${what} must not hold credentials`);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const isLoopback = rules.allowInsecure === "loopback" && (isLoopbackAddress(host) || host === "localhost");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) {
    throw new KeySetRefusedError(
      `the ${what} must be https; allowInsecure: "loopback" allows http to this machine only`,
    );
  }
  const isAllowed =
    ipAddressBytes(host) === undefined
      ? !isLocalName(host)
      : isAllowedAddress(host, { ...rules, allowInsecure: false });
  if (!isAllowed && !isLoopback)
    throw new KeySetRefusedError(`the ${what} names an address that is not public`);
  return url;
}

/** Whether a connection may be made to `address`, which the host's name resolved to. */
export function isAllowedAddress(address: string, rules: AddressRules): boolean {
  return (
    isPublicAddress(address) ||
    (rules.allowInsecure === "loopback" && isLoopbackAddress(address)) ||
    (rules.allowPrivateNetwork === true && isPrivateAddress(address))
  );
}

/** Whether `host` is this machine on every network (RFC 6761 §6.3). */
function isLocalName(host: string): boolean {
  return /(?:^|\.)localhost\.?$/.test(host);
}
