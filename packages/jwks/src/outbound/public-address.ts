/** IPv4 ranges that are not globally reachable (IANA's special-purpose registry), and multicast. */
const NOT_PUBLIC_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10", // shared by customers of a provider (RFC 6598)
  "127.0.0.0/8",
  "169.254.0.0/16", // link-local, and the metadata services of clouds
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
].map(readPrefix);

/** The one range of IPv6 that is routed (RFC 4291 §2.4). Loopback, v4-mapped, unique-local, link-local, multicast: outside. */
const GLOBAL_IPV6 = readPrefix("2000::/3");

/** Ranges inside it that are not globally reachable. */
const NOT_PUBLIC_IPV6 = [
  "2001::/23", // protocol assignments, Teredo among them: an IPv4 address in disguise
  "2001:db8::/32",
  "2002::/16", // 6to4: another disguise
  "3fff::/20",
].map(readPrefix);

/** Range in which hosts without IPv4 reach the IPv4 internet: the last four bytes are the address (RFC 6052 §2.1). */
const NAT64 = readPrefix("64:ff9b::/96");

/** Ranges of networks that an organisation or its provider numbers by itself (RFC 1918, RFC 6598, RFC 4193). */
const PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"].map(
  readPrefix,
);

const LOOPBACK = ["127.0.0.0/8", "::1/128"].map(readPrefix);

/** Whether `address` is an IP address of the public internet. */
export function isPublicAddress(address: string): boolean {
  const bytes = ipAddressBytes(address);
  return bytes !== undefined && isPublic(bytes);
}

/** Whether `address` is this machine's own: in 127.0.0.0/8, or ::1. */
export function isLoopbackAddress(address: string): boolean {
  const bytes = ipAddressBytes(address);
  return bytes !== undefined && LOOPBACK.some((prefix) => isWithin(bytes, prefix));
}

/** Whether `address` is of a private network. Link-local addresses are not: the metadata services of clouds live there. */
export function isPrivateAddress(address: string): boolean {
  const bytes = ipAddressBytes(address);
  return bytes !== undefined && PRIVATE.some((prefix) => isWithin(bytes, prefix));
}

function isPublic(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return !NOT_PUBLIC_IPV4.some((prefix) => isWithin(bytes, prefix));
  if (isWithin(bytes, NAT64)) return isPublic(bytes.subarray(12));
  return isWithin(bytes, GLOBAL_IPV6) && !NOT_PUBLIC_IPV6.some((prefix) => isWithin(bytes, prefix));
}

interface Prefix {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

function readPrefix(text: string): Prefix {
  const [address = "", bits] = text.split("/");
  return { bytes: ipAddressBytes(address) ?? new Uint8Array(), bits: Number(bits) };
}

function isWithin(bytes: Uint8Array, prefix: Prefix): boolean {
  if (bytes.length !== prefix.bytes.length) return false;
  for (let bit = 0; bit < prefix.bits; bit += 8) {
    const mask = 0xff00 >> Math.min(8, prefix.bits - bit);
    const difference = (bytes[bit / 8] ?? 0) ^ (prefix.bytes[bit / 8] ?? 0);
    if ((difference & mask & 0xff) !== 0) return false;
  }
  return true;
}

/**
 * Returns the 4 or 16 bytes of an IP address (RFC 791, RFC 4291 §2.2), or `undefined` when `text` is not an IP address. A
 * zone is dropped.
 */
export function ipAddressBytes(text: string): Uint8Array | undefined {
  return text.includes(":") ? ipv6Bytes(text.replace(/%.*$/, "")) : ipv4Bytes(text);
}

function ipv4Bytes(text: string): Uint8Array | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : undefined;
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  const [before = "", after, more] = text.split("::");
  if (more !== undefined) return undefined;
  const head = groupBytes(before);
  const tail = groupBytes(after ?? "");
  if (head === undefined || tail === undefined) return undefined;
  const left = 16 - head.length - tail.length;
  if (after === undefined ? left !== 0 : left < 2) return undefined;
  return Uint8Array.from([...head, ...new Uint8Array(left), ...tail]);
}

/** Reads groups of four hex digits between colons, the last of which may be an IPv4 address. */
function groupBytes(text: string): readonly number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    const ipv4 = index === groups.length - 1 ? ipv4Bytes(group) : undefined;
    if (ipv4 !== undefined) bytes.push(...ipv4);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255);
    else return undefined;
  }
  return bytes;
}
