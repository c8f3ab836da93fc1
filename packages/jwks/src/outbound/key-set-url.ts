import { KeySetRefusedError } from "../errors/fetch-errors.js";
import { guardedUrl } from "./address-rules.js";

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
  return guardedUrl(jwksUrl(issuer), "key set's URL", { allowInsecure });
}

function wellKnownUrl(issuer: string): string {
  // Asked of the issuer itself, because a path behind "https://" would be taken for its host.
  if (!URL.canParse(issuer)) throw new KeySetRefusedError("the issuer is not an absolute URL");
  // A path appended behind a query or a fragment would end up inside it, and the request would go to the issuer's root.
  if (/[?#]/.test(issuer)) throw new KeySetRefusedError("an issuer's URL has no query and no fragment");
  return `${issuer.replace(/\/$/, "")}/.well-known/jwks.json`;
}
