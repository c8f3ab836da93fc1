import { REFUSALS, type Refusal } from "../subject/refusal.js";
import { JWT_TYPE } from "./exchange-request.js";

/** Nothing that a token endpoint answers may be kept (RFC 6749 §5.1). */
const NOT_KEPT = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Returns the answer to an exchange (RFC 8693 §2.2.1): an attestation is no access token of OAuth, so `N_A`. */
export function tokenAnswer(token: string, lifetimeSeconds: number): Response {
  return Response.json(
    {
      access_token: token,
      issued_token_type: JWT_TYPE,
      token_type: "N_A",
      expires_in: lifetimeSeconds,
    },
    { headers: NOT_KEPT },
  );
}

/** Returns what a refused caller is told (RFC 6749 §5.2): a code and the fixed sentence of the refusal's kind. */
export function refusalAnswer({ kind, about }: Refusal): Response {
  const [status, error, description] = REFUSALS[kind];
  const headers = new Headers(NOT_KEPT);
  if (about.retryAfterSeconds !== undefined) headers.set("retry-after", String(about.retryAfterSeconds));
  if (status === 405) headers.set("allow", "POST");
  return Response.json({ error, error_description: description }, { status, headers });
}
