import { kindOf, type Option } from "@attest/core/internal";

/** Reads the option `url`. Its errors show nothing of the URL, which may hold a password. */
export const redisUrl: Option<string> = (value, name) => {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string, got ${kindOf(value)}`);
  if (!isUnixUrl(value)) {
    const parsed = URL.parse(value);
    if (parsed === null || !["redis:", "rediss:"].includes(parsed.protocol) || parsed.hostname === "")
      throw new TypeError(`${name} must be redis://host:port, rediss://host:port or unix:///path`);
    if (!/^\/?\d*$/.test(parsed.pathname))
      throw new TypeError(`${name} may end with the number of a database, as in /0, and with no other path`);
  }
  if (!isDecodable(userInfoOf(value)))
    throw new TypeError(
      `${name} must have percent-encoded UTF-8 as its user and password; encode each by encodeURIComponent: % is %25`,
    );
  return value;
};

/** Returns the password in a Redis URL, as it stands there and decoded. */
export function secretsOf(url: string): readonly string[] {
  const [, password = ""] = /^[^:]*:(.*)$/s.exec(userInfoOf(url)) ?? [];
  return isDecodable(password) ? [password, decodeURIComponent(password)] : [password];
}

function isUnixUrl(url: string): boolean {
  return /^unix:\/\/[^/]*\/./.test(url);
}

function userInfoOf(url: string): string {
  return /^[a-z]+:\/\/([^/]*)@/i.exec(url)?.[1] ?? "";
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
