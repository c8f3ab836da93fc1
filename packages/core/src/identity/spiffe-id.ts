const MAX_BYTES = 2048;
const MAX_TRUST_DOMAIN_LENGTH = 255;
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]+)(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;

/** The id that was asked for last. A verification asks twice: whether the subject is one, and which domain it is in. */
let latest: { readonly id: string; readonly trustDomain: string | undefined } = {
  id: "",
  trustDomain: undefined,
};

/**
 * Returns the trust domain of a SPIFFE ID, or `undefined` when `id` is not one (SPIFFE-ID §2): no port, query, user
 * info or trailing slash, and no empty, `.` or `..` segment.
 */
export function trustDomainOf(id: string): string | undefined {
  if (id !== latest.id) latest = { id, trustDomain: readTrustDomain(id) };
  return latest.trustDomain;
}

function readTrustDomain(id: string): string | undefined {
  if (id.length > MAX_BYTES) return undefined;
  const [, trustDomain] = SPIFFE_ID.exec(id) ?? [];
  return trustDomain === undefined || trustDomain.length > MAX_TRUST_DOMAIN_LENGTH ? undefined : trustDomain;
}

/** Whether `name` can be the trust domain of a SPIFFE ID. */
export function isTrustDomain(name: string): boolean {
  return trustDomainOf(`spiffe://${name}`) === name;
}

/** Whether `value` is a SPIFFE ID. */
export function isSpiffeId(value: unknown): value is string {
  return typeof value === "string" && trustDomainOf(value) !== undefined;
}
