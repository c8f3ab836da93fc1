import { decodeBase64url, encodeBase64url } from "../encoding/base64url.js";
import { kindOf } from "../printable.js";

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;

/** Reasons why a block is not read, by its label. */
const OTHER_LABELS: Readonly<Record<string, string>> = {
  "PUBLIC KEY": "a public key",
  "PRIVATE KEY": "a private key",
  "ENCRYPTED PRIVATE KEY": "an encrypted private key: decrypt it, with openssl pkey for example",
  "OPENSSH PRIVATE KEY":
    "a key in OpenSSH's own format: make one with openssl genpkey -algorithm ed25519 instead",
  "RSA PRIVATE KEY": "an RSA key",
  "EC PRIVATE KEY": "a key of another curve",
  CERTIFICATE: "a certificate: take its key out, with openssl x509 -pubkey for example",
};

const ESCAPED = "text with \\n in two characters where its lines should end: unescape it";

/** Returns the PEM text (RFC 7468 §2) of `der`. */
export function encodePem(label: string, der: Uint8Array): string {
  const base64 = encodeBase64url(der).replaceAll("-", "+").replaceAll("_", "/");
  const padded = base64.padEnd(Math.ceil(base64.length / 4) * 4, "=");
  // Never broken: both kinds of Ed25519 key are at most one line of 64 characters.
  return `-----BEGIN ${label}-----\n${padded}\n-----END ${label}-----\n`;
}

/**
 * Returns the DER of the one block under `label` in PEM text. Text around it and blocks of other kinds are passed over
 * (RFC 7468 §2).
 *
 * @param wanted what `pem` must be, for the messages of errors. They never contain what is in `pem`, but for labels known
 *   here.
 * @throws {TypeError} when there is no such block, or more than one, or it is not base64.
 */
export function decodePem(label: string, wanted: string, pem: unknown): Uint8Array {
  if (typeof pem !== "string") {
    throw wrong(wanted, typeof pem === "object" ? `${kindOf(pem)}: decode it to text first` : kindOf(pem));
  }
  const blocks = [...pem.matchAll(BLOCK)];
  const [block, another] = blocks.filter(([, name]) => name === label);
  if (block === undefined) throw wrong(wanted, foundIn(pem, blocks));
  if (another !== undefined) throw wrong(wanted, "several of them");
  const text = block[2] ?? "";
  const der = decodeBase64(text);
  if (der === undefined) throw wrong(wanted, text.includes("\\n") ? ESCAPED : "a block that is not base64");
  return der;
}

/** Returns the bytes of base64 text (RFC 4648 §4), white space in it passed over, or `undefined` when it is not base64. */
function decodeBase64(text: string): Uint8Array | undefined {
  const padded = text.replace(/\s/g, "");
  const base64 = padded.replace(/={1,2}$/, "");
  if (padded !== base64 && padded.length % 4 !== 0) return undefined;
  return /[-_]/.test(base64) ? undefined : decodeBase64url(base64.replaceAll("+", "-").replaceAll("/", "_"));
}

/** Returns what to say about text that has no block of the label that is wanted. */
function foundIn(pem: string, blocks: readonly RegExpExecArray[]): string {
  const reasons = blocks.map(([, label = ""]) => OTHER_LABELS[label] ?? "a block of another kind");
  if (reasons[0] !== undefined) return reasons[0];
  return pem === "" ? "an empty string" : "text without a complete PEM block";
}

function wrong(wanted: string, found: string): TypeError {
  return new TypeError(`pem must be ${wanted}, got ${found}`);
}
