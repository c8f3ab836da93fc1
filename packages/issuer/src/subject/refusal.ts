import type { RuleVerdict } from "../policy/choose-rule.js";

/** Kinds of refusals. */
export type RefusalKind =
  | "wrong_method"
  | "wrong_content_type"
  | "body_too_large"
  | "malformed_body"
  | "unsupported_grant_type"
  | "missing_parameter"
  | "unsupported_parameter"
  | "token_too_large"
  | "invalid_token"
  | "not_allowed"
  | "audience_not_allowed"
  | "binding_required"
  | "invalid_confirmation"
  | "replay_cache_unavailable"
  | "keys_unavailable"
  | "issuer_failed";

/** Status, error code (RFC 6749 §5.2) and the one fixed sentence that the caller is told, for each kind. */
export const REFUSALS: Readonly<
  Record<RefusalKind, readonly [status: number, error: string, description: string]>
> = {
  wrong_method: [405, "invalid_request", "Tokens are exchanged by POST."],
  wrong_content_type: [415, "invalid_request", "The body must be application/x-www-form-urlencoded."],
  body_too_large: [413, "invalid_request", "The body is too large."],
  malformed_body: [400, "invalid_request", "The body is malformed, or a parameter is repeated."],
  unsupported_grant_type: [
    400,
    "unsupported_grant_type",
    "The grant type must be token exchange (RFC 8693).",
  ],
  missing_parameter: [
    400,
    "invalid_request",
    "These are required: grant_type, subject_token, subject_token_type, audience.",
  ],
  unsupported_parameter: [
    400,
    "invalid_request",
    "Only JWTs are exchanged, for JWTs; name the target by audience; actors are not supported.",
  ],
  token_too_large: [400, "invalid_request", "The subject token is too large."],
  invalid_token: [400, "invalid_grant", "The subject token is not valid here."],
  not_allowed: [400, "invalid_grant", "No rule of this issuer allows the workload."],
  audience_not_allowed: [400, "invalid_target", "No rule of this issuer allows the workload this audience."],
  binding_required: [400, "invalid_request", "These are required: confirmation_key, confirmation_proof."],
  invalid_confirmation: [400, "invalid_request", "The confirmation proof is not valid here."],
  replay_cache_unavailable: [
    503,
    "temporarily_unavailable",
    "The issuer cannot take the proof now; try again.",
  ],
  keys_unavailable: [503, "temporarily_unavailable", "The platform's keys are unavailable; try again later."],
  issuer_failed: [500, "server_error", "The issuer failed; try again later."],
};

export interface RefusalAbout {
  readonly platform?: string | undefined;
  readonly rule?: string | undefined;
  /** The `sub` that the platform signed. */
  readonly platformSubject?: string | undefined;
  readonly audience?: string | undefined;
  /** For each rule, how it differs. */
  readonly rules?: readonly RuleVerdict[] | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** Refusal of an exchange. Its message and `about` are for the operator; the caller is told what its kind says. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly kind: RefusalKind;
  readonly about: RefusalAbout;

  constructor(kind: RefusalKind, detail: string, about: RefusalAbout = {}) {
    super(detail, about.cause === undefined ? undefined : { cause: about.cause });
    this.kind = kind;
    this.about = about;
  }
}
