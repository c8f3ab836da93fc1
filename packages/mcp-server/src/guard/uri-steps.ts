/**
 * One thing that a handler may do to a URI before it uses it. Every step takes and gives lower case, and returns a URI
 * unchanged that it has nothing to do with.
 */
export type UriStep = (uri: string) => string;

/** All that handlers are known to do to the URI of a resource, in no order. */
export const URI_STEPS: readonly UriStep[] = [
  parsed,
  decoded,
  decodedButDelimiters,
  decodedLoosely,
  withoutControls,
  withoutQuery,
  withoutParameters,
  withSlashes,
  withoutTrailingDots,
  withoutTrailingSlash,
  withBareHost,
  parsedAsWeb,
  withoutFileHost,
  normalized,
  flattened,
  cutAtLength,
  compatible,
];

/** Reads the URI as `new URL` does. */
function parsed(uri: string): string {
  return URL.parse(uri)?.href ?? uri;
}

/** Decodes percent escapes as UTF-8. Other bytes become U+FFFD, as in every decoder that does not throw. */
function decoded(uri: string): string {
  return uri.includes("%") ? uri.replace(/(?:%[0-9a-f]{2})+/g, decodedBytes) : uri;
}

/** Decodes as `decodeURI` does: an escaped delimiter stays escaped. */
function decodedButDelimiters(uri: string): string {
  // Without any of those it does what `decoded` does.
  if (!/%(?:2[35f]|3[af]|40|5c)/.test(uri)) return uri;
  return uri.replace(/(?:%(?!2[35f]|3[af]|40|5c)[0-9a-f]{2})+/g, decodedBytes);
}

function decodedBytes(escapes: string): string {
  return Buffer.from(escapes.replaceAll("%", ""), "hex").toString("utf8");
}

/** Decodes ASCII that is written in more bytes than it has (`%c0%af`), or as by `escape` (`%u002f`). */
function decodedLoosely(uri: string): string {
  if (!/%(?:u|c[01]|e0%8[01]|f0%80%8[01])/.test(uri)) return uri;
  return uri
    .replace(/%(?:c[01]|(?:e0|f0%80)%8[01])%[89ab][0-9a-f]/g, asciiOfOverlong)
    .replace(/%u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The last two bytes of an overlong form hold the seven bits. */
function asciiOfOverlong(escapes: string): string {
  const [high = 0, low = 0] = escapes
    .split("%")
    .slice(-2)
    .map((byte) => Number.parseInt(byte, 16));
  return String.fromCharCode(((high & 1) << 6) | (low & 0x3f));
}

/** Drops control characters, and white space around the name. Parsers drop some of these, other code the rest. */
function withoutControls(uri: string): string {
  if (!/[\0-\x20\x7f-\uffff]/.test(uri)) return uri;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  const visible = uri.replace(/[\0-\x1f\x7f]/g, "").trim();
  return visible.replace(/^([^:/?#]+:\/*)\s+/, "$1");
}

/** Drops query and fragment, and all from the first NUL, where text ends in C. */
function withoutQuery(uri: string): string {
  return uri.replace(/[?#\0].*$/s, "");
}

/** Drops parameters of path segments (RFC 3986 §3.3): `/a;v=1/b` → `/a/b`. */
function withoutParameters(uri: string): string {
  return uri.includes(";") ? uri.replace(/;[^/?#]*/g, "") : uri;
}

function withSlashes(uri: string): string {
  return uri.includes("\\") ? uri.replaceAll("\\", "/") : uri;
}

/** Drops dots and blanks at the end of a host or a file's name. The DNS root adds such a dot, and Windows drops both. */
function withoutTrailingDots(uri: string): string {
  return /[. ](?:[/?#]|$)/.test(uri) ? uri.replace(/(?<=[^/. ])[. ]+(?=[/?#]|$)/g, "") : uri;
}

function withoutTrailingSlash(uri: string): string {
  return uri.endsWith("/") ? uri.replace(/(?<=[^/])\/+$/, "") : uri;
}

/** Drops user info and port. */
function withBareHost(uri: string): string {
  if (!/^[^:/?#]+:\/\/[^/?#\\]*[@:]/.test(uri)) return uri;
  return withAuthority(uri, (authority) => authority.replace(/^.*@/s, "").replace(/:[^\]:]*$/, ""));
}

/**
 * Reads any scheme as the web's own are read: the host in IDNA's ASCII or as an IPv4 address of four numbers,
 * backslashes as slashes (WHATWG URL, "special schemes").
 */
function parsedAsWeb(uri: string): string {
  const scheme = /^[^:/?#]+:/.exec(uri)?.[0];
  if (scheme === undefined || /^(?:https?|wss?|ftp|file):$/.test(scheme)) return uri;
  const web = URL.parse(`http:${uri.slice(scheme.length)}`);
  return web === null ? uri : web.href.replace("http:", scheme);
}

/** Drops the host of a file: code that reads files looks at the path alone. */
function withoutFileHost(uri: string): string {
  return uri.startsWith("file:") ? withAuthority(uri, () => "") : uri;
}

function withAuthority(uri: string, change: (authority: string) => string): string {
  return uri.replace(
    /^([^:/?#]+:\/\/)([^/?#\\]*)/,
    (_, scheme: string, authority: string) => scheme + change(authority),
  );
}

/** Resolves the path's dot segments and collapses its slashes, as `path.normalize` does. */
function normalized(uri: string): string {
  const start = /^(?:[^:/?#]+:)?(?:\/\/[^/?#\\]*)?/.exec(uri)?.[0] ?? "";
  return start + resolved(uri.slice(start.length));
}

/**
 * Whether the dot segments of `uri` lead above its root, with the host in the path or before it. A handler that reads
 * below a folder of its own may come back from there by the folder's name, which is not known here.
 */
export function climbs(uri: string): boolean {
  if (!uri.includes("..")) return false;
  const rest = uri.replace(/[?#].*$/s, "").replace(/^[^:/?#]+:/, "");
  return leadsAbove(rest) || leadsAbove(rest.replace(/^\/\/[^/\\]*/, ""));
}

function leadsAbove(path: string): boolean {
  let depth = 0;
  for (const part of path.split(/[/\\]/)) {
    if (part === "..") depth -= 1;
    else if (part !== "" && part !== ".") depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

/** Returns `uri` without its host, as code sees it that reads the path alone. */
export function withoutHost(uri: string): string {
  return withAuthority(uri, () => "");
}

/** Returns `uri` with its host as the path's first segment: some code takes all that follows the scheme for a path. */
export function flattened(uri: string): string {
  const scheme = /^[^:/?#]+:/.exec(uri)?.[0] ?? "";
  const path = resolved(uri.slice(scheme.length)).replace(/^\/+/, "");
  return scheme === "" ? path : `${scheme}///${path}`;
}

/** Cuts as many characters off as `scheme://` has, without a look at them, as some code does. */
function cutAtLength(uri: string): string {
  return uri.replace(/^([^:/?#]+:)(?!\/\/)..?/s, "$1//");
}

function resolved(path: string): string {
  if (!/\/\/|(?:^|\/)\.\.?(?:\/|$)/.test(path)) return path;
  const segments: string[] = [];
  const parts = path.split("/");
  for (const part of parts) {
    if (part === "..") segments.pop();
    else if (part !== "" && part !== ".") segments.push(part);
  }
  const last = parts.at(-1);
  const isFolder = segments.length > 0 && (last === "" || last === "." || last === "..");
  return (path.startsWith("/") ? "/" : "") + segments.join("/") + (isFolder ? "/" : "");
}

/** Unifies characters that look alike (Unicode's NFKC: fullwidth, ligatures, accents), and drops invisible characters. */
function compatible(uri: string): string {
  if (/^[\0-\x7f]*$/.test(uri)) return uri;
  return uri.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
}
