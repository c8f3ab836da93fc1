import {
  callback,
  kindOf,
  MAX_TIMER_SECONDS,
  type Option,
  type OptionsSpec,
  optional,
  readOptions,
  seconds,
  stated,
  withDeadline,
} from "@attest/core/internal";
import type { GetToken, TokenRequest } from "../evidence/token-source.js";
import { attestationIn } from "./exchange-answer.js";
import { fetchJson } from "./fetch-json.js";
import { readJwt, type SubjectTokenSource } from "./subject-token-source.js";
import { TokenSourceError } from "./token-source-error.js";
import { type AllowInsecure, allowInsecureOption, tokenUrl } from "./token-url.js";

export interface ExchangeOptions {
  /** URL that the issuer is reached at. Its token endpoint is `/token` beneath it. */
  readonly url: string;
  /** Source of the token that the platform gives the workload. */
  readonly subjectToken: SubjectTokenSource;
  /** The issuer's name, which proofs are made for, where it differs from the URL that it is reached at. Default: `url`. */
  readonly issuer?: string;
  /** Longest time for the subject token, and again for the issuer's answer, in seconds. Default: 10 s. */
  readonly timeoutSeconds?: number | undefined;
  /** `"loopback"` allows http to this machine, for development. Default: `false`. */
  readonly allowInsecure?: "loopback" | false | undefined;
}

interface ExchangeSettings {
  readonly url: string;
  readonly subjectToken: SubjectTokenSource;
  readonly issuer: string | undefined;
  readonly timeoutSeconds: number;
  readonly allowInsecure: AllowInsecure;
}

const plainUrl: Option<string> = (value, name) => {
  if (typeof value === "string" && URL.canParse(value) && !/[?#]/.test(value)) return value;
  throw new TypeError(`${name} must be an absolute URL without query and fragment, got ${kindOf(value)}`);
};

const OPTIONS: OptionsSpec<ExchangeSettings> = {
  url: plainUrl,
  subjectToken: callback<SubjectTokenSource>(),
  issuer: stated(optional(plainUrl)),
  timeoutSeconds: seconds(10, { min: 0.001, max: MAX_TIMER_SECONDS }),
  allowInsecure: allowInsecureOption,
};

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";

/**
 * Returns a `getToken` that exchanges the workload's token for an attestation at an issuer (RFC 8693; protocol §9). A
 * client with `proofOfPossession: true` gets one that is bound to its key, which it proves to the issuer.
 *
 * `getToken` rejects with a {@link TokenSourceError} when the issuer refuses or cannot be reached, and with a TypeError when
 * the client has no `targetAudience`.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function exchange(options: ExchangeOptions): GetToken {
  const settings = readOptions("exchange", options, OPTIONS);
  const { url, issuer = url, subjectToken, timeoutSeconds, allowInsecure } = settings;
  const endpoint = tokenUrl(
    endpointOf(url),
    allowInsecure,
    (problem) => new TypeError(`exchange: url ${problem}`),
  );
  return async (request) => {
    const { audience } = request;
    if (audience === undefined)
      throw new TypeError("exchange needs the server's name: give the client its targetAudience");
    const token = readJwt(
      await withDeadline(Promise.resolve(subjectToken()), timeoutSeconds, () => tooLate(timeoutSeconds)),
      "exchange: subjectToken",
    );
    const confirmation = await confirm(request, token, audience, issuer);
    const answer = await fetchJson({
      url: endpoint,
      method: "POST",
      headers: {},
      body: new URLSearchParams({
        grant_type: GRANT_TYPE,
        subject_token: token,
        subject_token_type: JWT_TYPE,
        requested_token_type: JWT_TYPE,
        audience,
        ...confirmation,
      }),
      timeoutSeconds,
      who: "exchange: the issuer",
    });
    return attestationIn(answer, { isBound: confirmation !== undefined, audience });
  };
}

function endpointOf(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/token`;
}

/** Returns the key to bind the attestation to and the proof of it, or `undefined` where the client proves nothing. */
async function confirm(
  { confirmationKey, confirm }: TokenRequest,
  token: string,
  audience: string,
  issuer: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (confirmationKey === undefined) return undefined;
  if (confirm === undefined)
    throw new TypeError(
      "exchange got a confirmationKey without confirm: hand it the request as the client made it",
    );
  const proof = await confirm({
    token,
    audience: issuer,
    request: { method: "token", params: { audience } },
    url: endpointOf(issuer),
  });
  return { confirmation_key: JSON.stringify(confirmationKey), confirmation_proof: proof };
}

function tooLate(seconds: number): TokenSourceError {
  return new TokenSourceError(`exchange: subjectToken gave no token within ${seconds} s`);
}
