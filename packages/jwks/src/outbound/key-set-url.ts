import { ipAddressBytes } from "./ip-address.js";
import { KeySetRefusedError } from "./key-set-refused-error.js";
import { isLoopbackAddress, isPublicAddress } from "./public-address.js";

export interface KeySetUrlOptions {
  /**
   * The URL of an issuer's key set. Default: the issuer, less one trailing slash, and `/.well-known/jwks.json`.
   */
  readonly jwksUrl?: ((issuer: string) => string) | undefined;
  /**
   * `"loopback"` lets this machine be asked, over http too: `localhost`, `127.0.0.0/8`, `[::1]` and names that
   * resolve to them. For development on one machine. Default `false`: https to public addresses, or no keys.
   */
  readonly allowInsecure?: "loopback" | false | undefined;
}

/**
 * Where the key set of `issuer` is fetched from.
 *
 * @throws {KeySetRefusedError} when that is not a URL that keys may come from. The message does not repeat the URL.
 */
export function keySetUrl(
  issuer: string,
  { jwksUrl = wellKnownUrl, allowInsecure = false }: KeySetUrlOptions = {},
): URL {
  const url = URL.parse(jwksUrl(issuer));
  if (url === null) throw new KeySetRefusedError("the key set's URL is not an absolute one");
  if (url.username !== "" || url.password !== "")
    throw new KeySetRefusedError("the key set's URL must not hold credentials");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const isLoopback = allowInsecure === "loopback" && (isLoopbackAddress(host) || host === "localhost");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) {
    throw new KeySetRefusedError(
      'the key set\'s URL must be https; allowInsecure: "loopback" lets http through to this machine only',
    );
  }
  const isAllowed = ipAddressBytes(host) === undefined ? !isLocalName(host) : isPublicAddress(host);
  if (!isAllowed && !isLoopback)
    throw new KeySetRefusedError("the key set's URL names an address that is not public");
  return url;
}

/** Whether the host may be connected to at this address, which its name resolved to. */
export function isAllowedAddress(address: string, { allowInsecure }: KeySetUrlOptions): boolean {
  return isPublicAddress(address) || (allowInsecure === "loopback" && isLoopbackAddress(address));
}

/** Names that are this machine wherever they are resolved (RFC 6761 §6.3). */
function isLocalName(host: string): boolean {
  return /(?:^|\.)localhost\.?$/.test(host);
}

function wellKnownUrl(issuer: string): string {
  // Asked of the issuer itself, because a path behind "https://" would be taken for its host.
  if (!URL.canParse(issuer)) throw new KeySetRefusedError("the issuer is not an absolute URL");
  // A path appended behind a query or a fragment would end up inside it and leave the request to the issuer's root.
  if (/[?#]/.test(issuer)) throw new KeySetRefusedError("an issuer's URL has no query and no fragment");
  return `${issuer.replace(/\/$/, "")}/.well-known/jwks.json`;
}
