import { Refusal } from "../subject/refusal.js";

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";
const SUBJECT_TYPES: readonly unknown[] = [JWT_TYPE, "urn:ietf:params:oauth:token-type:id_token"];

/** Parameters of RFC 8693 whose meaning would be lost if they were passed over. */
const UNSUPPORTED = ["actor_token", "actor_token_type", "resource"];

/** Visible ASCII: what can be the name of a server. */
const AUDIENCE = /^[!-~]{1,2048}$/;

/** Token exchange that is asked for (RFC 8693 §2.1). */
export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly audience: string;
  /** Key that the attestation is to be bound to, as JSON, and the proof that the caller has it. */
  readonly confirmation: { readonly key: string; readonly proof: string } | undefined;
}

/** @throws {Refusal} when it is no token exchange, or one that this issuer does not do. */
export function readExchangeRequest(parameters: ReadonlyMap<string, string>): ExchangeRequest {
  if (parameters.get("grant_type") === undefined)
    throw new Refusal("missing_parameter", "grant_type is missing");
  if (parameters.get("grant_type") !== GRANT_TYPE)
    throw new Refusal("unsupported_grant_type", "grant_type is another one");
  const unsupported = UNSUPPORTED.find((name) => parameters.has(name));
  if (unsupported !== undefined) throw new Refusal("unsupported_parameter", `${unsupported} is there`);
  const subjectToken = parameters.get("subject_token");
  const subjectType = parameters.get("subject_token_type");
  const audience = parameters.get("audience");
  if (subjectToken === undefined || subjectType === undefined || audience === undefined)
    throw new Refusal("missing_parameter", "a required parameter is missing");
  if (!SUBJECT_TYPES.includes(subjectType))
    throw new Refusal("unsupported_parameter", "subject_token_type is another one");
  if ((parameters.get("requested_token_type") ?? JWT_TYPE) !== JWT_TYPE)
    throw new Refusal("unsupported_parameter", "requested_token_type is another one");
  if (!AUDIENCE.test(audience)) throw new Refusal("audience_not_allowed", "audience is no name of a server");
  return { subjectToken, audience, confirmation: readConfirmation(parameters) };
}

/** One without the other is a mistake: passed over, it would give a token that everybody can use. */
function readConfirmation(parameters: ReadonlyMap<string, string>): ExchangeRequest["confirmation"] {
  const key = parameters.get("confirmation_key");
  const proof = parameters.get("confirmation_proof");
  if (key === undefined && proof === undefined) return undefined;
  if (key !== undefined && proof !== undefined) return { key, proof };
  throw new Refusal("binding_required", "one of confirmation_key and confirmation_proof is missing");
}
