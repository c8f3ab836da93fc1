const MAX_BYTES = 2048;
const MAX_TRUST_DOMAIN_LENGTH = 255;
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]+)(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;

/**
 * The trust domain of a SPIFFE ID, or `undefined` when `id` is not one (SPIFFE-ID §2): no port, query, user
 * info or trailing slash, and no empty, `.` or `..` segment.
 */
export function trustDomainOf(id: string): string | undefined {
  if (id.length > MAX_BYTES) return undefined;
  const [, trustDomain] = SPIFFE_ID.exec(id) ?? [];
  return trustDomain === undefined || trustDomain.length > MAX_TRUST_DOMAIN_LENGTH ? undefined : trustDomain;
}

/** Whether `value` is a SPIFFE ID. */
export function isSpiffeId(value: unknown): value is string {
  return typeof value === "string" && trustDomainOf(value) !== undefined;
}
