import { membersOf, printable } from "@attest/core/internal";
import type { JsonAnswer } from "./fetch-json.js";
import { readJwt } from "./subject-token-source.js";
import { TokenSourceError } from "./token-source-error.js";

const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";

interface Asked {
  /** Whether the attestation was asked for with a key to bind it to. */
  readonly isBound: boolean;
  readonly audience: string;
}

/**
 * Returns the attestation in an issuer's answer (RFC 8693 §2.2.1).
 *
 * @throws {TokenSourceError} saying what to do, when the issuer refused, or what it gave is no attestation.
 */
export function attestationIn(answer: JsonAnswer, asked: Asked): string {
  const { status, document } = answer;
  if (status !== 200) throw refusal(answer, asked);
  const { access_token, issued_token_type, token_type } = membersOf(document);
  // What is typed Bearer opens other doors: an MCP server must not get it.
  const isAttestation =
    issued_token_type === JWT_TYPE && typeof token_type === "string" && token_type.toUpperCase() === "N_A";
  if (!isAttestation)
    throw new TokenSourceError(
      "exchange: the answer holds no attestation: url must be that of an issuer of attestations",
      { status },
    );
  return readJwt(access_token, "exchange: the issuer");
}

/** The remedy for each code of RFC 6749 §5.2 and RFC 8693 §2.2.2. An issuer's own sentence is not repeated. */
const REMEDIES: Readonly<Record<string, (asked: Asked) => string>> = {
  invalid_request: ({ isBound }) =>
    isBound
      ? "if it takes no proof, check this machine's clock, and that url (or issuer) is the issuer's own name"
      : "if its rule has requireBinding, give the client proofOfPossession: true",
  invalid_grant: () =>
    "the platform's token is not valid there, or no rule allows this workload; the issuer's log and --explain say which claim differs",
  invalid_target: ({ audience }) =>
    `no rule allows this workload the audience ${printable(audience)}; check targetAudience, and audiences in the rule`,
  unsupported_grant_type: () => "it exchanges no tokens; check url",
  temporarily_unavailable: () => "try again later; the issuer's log says what it waits for",
  server_error: () => "try again later; the issuer's log says why",
};

function refusal({ status, headers, document }: JsonAnswer, asked: Asked): TokenSourceError {
  const { error } = membersOf(document);
  const code = typeof error === "string" && Object.hasOwn(REMEDIES, error) ? error : undefined;
  const said = code === undefined ? `status ${status}` : `${code} (status ${status})`;
  return new TokenSourceError(`exchange: the issuer answered ${said}: ${remedyOf(code, status, asked)}`, {
    status,
    error: code,
    retryAfterSeconds: retryAfterSeconds(headers),
  });
}

function remedyOf(code: string | undefined, status: number, asked: Asked): string {
  const known = code === undefined ? undefined : REMEDIES[code];
  if (known !== undefined) return known(asked);
  return status >= 500 || status === 429
    ? "try again later"
    : "check that url is that of an issuer of attestations";
}

function retryAfterSeconds(headers: Headers): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  return /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}
