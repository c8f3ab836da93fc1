import type { Context } from "hono";

/** JSON body of a refusal. */
export interface Refusal {
  /** A fixed word for programs. */
  readonly error: string;
  /** The member of the body that is wrong, such as `audience`; `body` for the whole of it. */
  readonly field?: string | undefined;
  /** A sentence for people. */
  readonly message: string;
}

/** An answer with a refusal's status and its reason. */
export function refuse(
  context: Context,
  status: 400 | 403 | 404 | 405 | 409 | 413 | 429 | 500,
  refusal: Refusal,
): Response {
  return context.json(refusal, status);
}

/** 400: `field` of the body is wrong, and how. */
export function badRequest(context: Context, field: string, problem: string): Response {
  return refuse(context, 400, { error: "invalid_request", field, message: `${field} ${problem}` });
}

/** 401, with the challenge of RFC 6750 §3; its error code is for keys that were given and are wrong. */
export function unauthorized(
  context: Context,
  { wanted, keyWasGiven }: { readonly wanted: string; readonly keyWasGiven: boolean },
): Response {
  context.header("www-authenticate", keyWasGiven ? 'Bearer error="invalid_token"' : "Bearer");
  return context.json(
    { error: "unauthorized", message: `send ${wanted} as: Authorization: Bearer <key>` },
    401,
  );
}

/** 405, with the methods that are served (RFC 9110 §15.5.6). */
export function methodNotAllowed(context: Context, allow: string): Response {
  context.header("allow", allow);
  return refuse(context, 405, { error: "method_not_allowed", message: `use ${allow}` });
}

/** Answers that too many wrong keys wait for their answer already. */
export function tooManyWrongKeys(context: Context): Response {
  context.header("retry-after", "1");
  return refuse(context, 429, { error: "too_many_wrong_keys", message: "try again in a second" });
}
