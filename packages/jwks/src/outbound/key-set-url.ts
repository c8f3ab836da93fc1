import { KeySetRefusedError } from "../errors/fetch-errors.js";
import { ipAddressBytes, isLoopbackAddress, isPublicAddress } from "./public-address.js";

export interface KeySetUrlOptions {
  /**
   * Returns the URL of an issuer's key set. Default: the issuer, less one trailing slash, and `/.well-known/jwks.json`.
   */
  readonly jwksUrl?: ((issuer: string) => string) | undefined;
  /**
   * `"loopback"` allows key sets of this machine, over http too: `localhost`, `127.0.0.0/8`, `[::1]` and names that
   * resolve to them. It is for development on one machine. Default: `false`. Then only https to public addresses is
   * allowed.
   */
  readonly allowInsecure?: "loopback" | false | undefined;
}

/**
 * Returns the URL that the key set of `issuer` is fetched from.
 *
 * @throws {KeySetRefusedError} when keys must not come from there. The message does not repeat the URL.
 */
export function keySetUrl(
  issuer: string,
  { jwksUrl = wellKnownUrl, allowInsecure = false }: KeySetUrlOptions = {},
): URL {
  const url = URL.parse(jwksUrl(issuer));
  if (url === null) throw new KeySetRefusedError("the key set's URL is not absolute");
  if (url.username !== "" || url.password !== "")
    throw new KeySetRefusedError("the key set's URL must not hold credentials");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const isLoopback = allowInsecure === "loopback" && (isLoopbackAddress(host) || host === "localhost");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) {
    throw new KeySetRefusedError(
      'the key set\'s URL must be https; allowInsecure: "loopback" allows http to this machine only',
    );
  }
  const isAllowed = ipAddressBytes(host) === undefined ? !isLocalName(host) : isPublicAddress(host);
  if (!isAllowed && !isLoopback)
    throw new KeySetRefusedError("the key set's URL names an address that is not public");
  return url;
}

/** Whether a connection may be made to `address`, which the host's name resolved to. */
export function isAllowedAddress(address: string, { allowInsecure }: KeySetUrlOptions): boolean {
  return isPublicAddress(address) || (allowInsecure === "loopback" && isLoopbackAddress(address));
}

/** Whether `host` is this machine on every network (RFC 6761 §6.3). */
function isLocalName(host: string): boolean {
  return /(?:^|\.)localhost\.?$/.test(host);
}

function wellKnownUrl(issuer: string): string {
  // Asked of the issuer itself, because a path behind "https://" would be taken for its host.
  if (!URL.canParse(issuer)) throw new KeySetRefusedError("the issuer is not an absolute URL");
  // A path appended behind a query or a fragment would end up inside it, and the request would go to the issuer's root.
  if (/[?#]/.test(issuer)) throw new KeySetRefusedError("an issuer's URL has no query and no fragment");
  return `${issuer.replace(/\/$/, "")}/.well-known/jwks.json`;
}
