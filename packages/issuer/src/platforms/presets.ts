/** Kinds of platforms whose tokens are known. */
export const PlatformType = {
  /** Any OIDC provider: what its tokens hold is for the rules to ask. */
  OIDC: "oidc",
  /** Service account tokens of a Kubernetes cluster. */
  KUBERNETES: "kubernetes",
  /** ID tokens of GitHub Actions. */
  GITHUB: "github",
  /** ID tokens of GitLab CI. */
  GITLAB: "gitlab",
  /** JWT-SVIDs of a SPIFFE trust domain. */
  SPIFFE: "spiffe",
} as const;
export type PlatformType = (typeof PlatformType)[keyof typeof PlatformType];

/** The look of a platform's tokens. */
export interface Preset {
  /** Issuer unless the policy names another; `undefined` where there are many. */
  readonly issuer: string | undefined;
  /** Claims that every workload token has. Other tokens of the same issuer (of users, say) lack one of them. */
  readonly claims: readonly string[];
  /** Values of the header `typ`, in lower case, besides its absence. */
  readonly tokenTypes: readonly string[];
}

export const PRESETS: Readonly<Record<PlatformType, Preset>> = {
  oidc: { issuer: undefined, claims: ["sub"], tokenTypes: ["jwt", "at+jwt"] },
  kubernetes: { issuer: undefined, claims: ["sub", "kubernetes.io"], tokenTypes: ["jwt"] },
  github: {
    issuer: "https://token.actions.githubusercontent.com",
    claims: ["sub", "repository_id", "repository_owner_id"],
    tokenTypes: ["jwt"],
  },
  gitlab: {
    issuer: "https://gitlab.com",
    claims: ["sub", "project_id", "namespace_id"],
    tokenTypes: ["jwt"],
  },
  // JWT-SVID §2: `typ` is JWT or JOSE where it is set.
  spiffe: { issuer: undefined, claims: ["sub"], tokenTypes: ["jwt", "jose"] },
};

/** Returns the kind of platform that an issuer is known to be. */
export function typeOfIssuer(issuer: string | undefined): PlatformType {
  const known = Object.values(PlatformType).find(
    (type) => issuer !== undefined && PRESETS[type].issuer === issuer,
  );
  return known ?? PlatformType.OIDC;
}
