/** The bytes of an IP address, 4 or 16 (RFC 791, RFC 4291 §2.2); `undefined` when `text` is none. A zone is dropped. */
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

/** Groups of four hex digits between colons, the last of which may be an IPv4 address. */
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
