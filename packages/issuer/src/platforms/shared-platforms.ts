/** Claims that name an owner by an id which nobody else can ever have: the first is the one to ask for. */
type OwnerClaims = readonly [string, ...string[]];

/** Hosts of issuers that sign for everybody who has an account there. */
const SHARED: ReadonlyMap<string, OwnerClaims> = new Map<string, OwnerClaims>([
  // An enterprise may have an issuer of its own at this host, by its name, which can be registered again.
  ["token.actions.githubusercontent.com", ["repository_owner_id", "enterprise_id"]],
  ["gitlab.com", ["namespace_id"]],
  ["accounts.google.com", ["sub"]],
  ["agent.buildkite.com", ["organization_id"]],
  ["app.terraform.io", ["terraform_organization_id"]],
  ["oidc.vercel.com", ["owner_id"]],
]);

/**
 * Returns the claims by which an owner is known at a shared platform, the most usual one first; `undefined` when the
 * issuer signs for one organisation alone, as far as is known.
 */
export function ownerClaimsOf(issuer: string): OwnerClaims | undefined {
  return SHARED.get(new URL(issuer).hostname);
}
