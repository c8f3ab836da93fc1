/** One element of DER (X.690 §8.1). */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Tags of the elements that keys are made of (X.690 §8). */
export const Tag = {
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  SEQUENCE: 0x30,
} as const;

/** Returns the elements that `bytes` are made of, one after another, or `undefined` when `bytes` are no DER. */
export function readDer(bytes: Uint8Array): readonly DerElement[] | undefined {
  const elements: DerElement[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const tag = bytes[offset] ?? 0;
    const length = readLength(bytes, offset + 1);
    // A tag number of 31 or more takes several bytes, which no key has.
    if ((tag & 0x1f) === 0x1f || length === undefined) return undefined;
    const end = length.start + length.value;
    if (end > bytes.length) return undefined;
    elements.push({ tag, content: bytes.subarray(length.start, end) });
    offset = end;
  }
  return elements;
}

/** Returns the elements inside the one element of `tag` that `bytes` are, or `undefined` when they are anything else. */
export function readDerInside(tag: number, bytes: Uint8Array): readonly DerElement[] | undefined {
  const [element, ...others] = readDer(bytes) ?? [];
  return element?.tag === tag && others.length === 0 ? readDer(element.content) : undefined;
}

/** Returns an element of DER whose content is at most 127 bytes long. */
export function writeDer(tag: number, ...content: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const bytes = content.flatMap((part) => [...part]);
  return Uint8Array.of(tag, bytes.length, ...bytes);
}

/** Reads a length in its shortest form (X.690 §8.1.3, §10.1). */
function readLength(
  bytes: Uint8Array,
  offset: number,
): { readonly value: number; readonly start: number } | undefined {
  const first = bytes[offset];
  if (first === undefined) return undefined;
  if (first < 0x80) return { value: first, start: offset + 1 };
  const size = first & 0x7f;
  const digits = bytes.subarray(offset + 1, offset + 1 + size);
  // 0x80 is the indefinite form of BER.
  if (size === 0 || size > 4 || digits.length < size || digits[0] === 0) return undefined;
  const value = digits.reduce((sum, digit) => sum * 256 + digit, 0);
  return value < 0x80 ? undefined : { value, start: offset + 1 + size };
}
