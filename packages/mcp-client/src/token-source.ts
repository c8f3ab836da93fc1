import type {
  AgentIdentity,
  AgentIntegrity,
  AttestationMetadata,
  AttestationProvider,
  Clock,
} from "@attest/core";
import { assertOptions, kindOf } from "@attest/core/internal";

/** What a token is asked for. */
export interface TokenRequest {
  /** The server it is for, if the client was told. */
  readonly audience: string | undefined;
}

/** Gets a fresh token: from the agent's provider, so that the agent needs no issuer's key. Called on every connect and, in a session that lasts, once in each token's life. */
export type GetToken = (request: TokenRequest) => string | Promise<string>;

interface SessionOptions {
  /**
   * Refuse servers that do not say they verified this agent: `connect` then closes the connection and throws.
   * A server that lies cannot be told from one that does not. Default false.
   */
  readonly requireVerification?: boolean | undefined;
  /** Tells when a token is to be renewed. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** An agent that gets its tokens from elsewhere. */
export interface RemoteTokenSource extends SessionOptions {
  readonly getToken: GetToken;
  /** The server the tokens are for: the name it verifies as its audience. Passed to `getToken`. */
  readonly targetAudience?: string | undefined;
}

/** An agent that holds its provider's key and signs for itself. */
export interface LocalTokenSource extends SessionOptions {
  readonly attestationProvider: Pick<AttestationProvider, "createToken">;
  readonly agentIdentity: AgentIdentity;
  /** The server the tokens are for: the name it verifies as its audience. */
  readonly targetAudience: string;
  /** The agent's SPIFFE ID. Default: `agentIdentity.toSpiffeId()`, which is `spiffe://<provider>.com/…`. */
  readonly subject?: string | undefined;
  readonly agentIntegrity?: AgentIntegrity | undefined;
  readonly attestationMetadata?: AttestationMetadata | undefined;
}

/** Where a client's tokens come from. */
export type TokenSource = RemoteTokenSource | LocalTokenSource;

const LOCAL_OPTIONS: readonly string[] = [
  "attestationProvider",
  "agentIdentity",
  "targetAudience",
  "subject",
  "agentIntegrity",
  "attestationMetadata",
  "clock",
  "requireVerification",
] satisfies readonly (keyof LocalTokenSource)[];

/** The names of every option that a {@link TokenSource} has. */
export const TOKEN_SOURCE_OPTIONS: readonly string[] = ["getToken", ...LOCAL_OPTIONS];

const EITHER = "give either getToken, or attestationProvider with agentIdentity and targetAudience";

/**
 * A function that gets a fresh token from `source`.
 *
 * @param owner whose options these are, for the messages of errors
 * @throws {TypeError} naming the option that is wrong or unknown.
 */
export function tokenGetter(owner: string, source: TokenSource): () => Promise<string> {
  if (typeof source !== "object" || source === null) {
    throw new TypeError(`${owner} needs a token source, got ${kindOf(source)}: ${EITHER}`);
  }
  assertOptions(owner, source, TOKEN_SOURCE_OPTIONS);
  const { requireVerification } = source;
  if (requireVerification !== undefined && typeof requireVerification !== "boolean") {
    throw new TypeError(`requireVerification must be true or false, got ${kindOf(requireVerification)}`);
  }
  return "getToken" in source && source.getToken !== undefined
    ? remoteTokenGetter(source)
    : localTokenGetter(source as LocalTokenSource);
}

function remoteTokenGetter(source: RemoteTokenSource): () => Promise<string> {
  const { getToken, targetAudience, clock: _, requireVerification: __, ...others } = source;
  if (typeof getToken !== "function") {
    throw new TypeError(`getToken must be a function, got ${kindOf(getToken)}`);
  }
  const useless = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
  if (useless !== undefined) throw new TypeError(`${useless} is of no use beside getToken: ${EITHER}`);
  if (targetAudience !== undefined) assertAudience(targetAudience);
  return async () => {
    const token: unknown = await getToken({ audience: targetAudience });
    if (typeof token !== "string" || token === "") {
      throw new TypeError(`getToken must return a token, got ${kindOf(token)}`);
    }
    return token;
  };
}

function localTokenGetter(source: LocalTokenSource): () => Promise<string> {
  const { attestationProvider, agentIdentity, targetAudience, agentIntegrity, attestationMetadata } = source;
  const { subject } = source;
  if (typeof attestationProvider?.createToken !== "function") throw new TypeError(EITHER);
  if (typeof agentIdentity?.toSpiffeId !== "function") {
    throw new TypeError(`agentIdentity must be an AgentIdentity, got ${kindOf(agentIdentity)}`);
  }
  assertAudience(targetAudience);
  return () =>
    attestationProvider.createToken({
      identity: agentIdentity,
      audience: targetAudience,
      subject,
      integrity: agentIntegrity,
      metadata: attestationMetadata,
    });
}

function assertAudience(targetAudience: unknown): void {
  if (typeof targetAudience !== "string" || targetAudience === "") {
    throw new TypeError(`targetAudience must be a non-empty string, got ${kindOf(targetAudience)}`);
  }
}
