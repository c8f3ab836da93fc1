import { decodeBase64url, encodeBase64url } from "../encoding/base64url.js";
import { parseJsonSegment } from "./compact-jws.js";

const MAX_HEADERS = 64;
const MAX_HEADER_LENGTH = 512;

/** Headers by their segment. What one key signs shares its header to the letter, so well-formed ones are read once and kept. */
export class KnownHeaders<Header extends object> {
  readonly #read: (header: Readonly<Record<string, unknown>>) => Header;
  readonly #known = new Map<string, Header>();

  /** @param read takes a header, and throws when it is not well formed */
  constructor(read: (header: Readonly<Record<string, unknown>>) => Header) {
    this.#read = read;
  }

  /** Returns the header in `segment`. @throws {AttestationError} 1008 when it is none, and what `read` throws. */
  of(segment: string): Header {
    const known = this.#known.get(segment);
    if (known !== undefined) return known;
    const header = Object.freeze(this.#read(parseJsonSegment(segment, "header")));
    if (segment.length <= MAX_HEADER_LENGTH) {
      if (this.#known.size >= MAX_HEADERS) this.#known.clear();
      // A copy of its own: the slice would keep the whole token, a secret, in memory.
      this.#known.set(encodeBase64url(decodeBase64url(segment) ?? new Uint8Array()), header);
    }
    return header;
  }
}
