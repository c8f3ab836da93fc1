import type {
  AgentIdentity,
  AgentIntegrity,
  AttestationMetadata,
  AttestationObserver,
  AttestationProvider,
  Clock,
} from "@attest/core";
import {
  callback,
  clock,
  flag,
  having,
  kindOf,
  type OptionsSpec,
  observer,
  optional,
  printable,
  readOptions,
  stated,
  text,
} from "@attest/core/internal";
import type { ClientEvent } from "../events.js";
import { objectOption } from "../object-option.js";
import { assertToken } from "./assert-token.js";

/** The request for a token, as a token source gets it. */
export interface TokenRequest {
  /** The server that the token is for, if the client was told. */
  readonly audience: string | undefined;
}

/**
 * Gets a fresh token from the agent's provider, so that the agent needs no issuer's key. It is called on every connect
 * and, in a session that lasts, about once in each token's life.
 */
export type GetToken = (request: TokenRequest) => string | Promise<string>;

interface SharedOptions {
  /**
   * Whether servers are refused that do not say they verified this agent. `connect` then fails, and nothing else is
   * sent to the server. A server that lies cannot be told from one that does not. Default: false.
   */
  readonly requireVerification?: boolean;
  /** The clock that tells when a token is to be renewed. Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Is told of every token that is fetched, renewed or refused. */
  readonly observer?: AttestationObserver<ClientEvent> | undefined;
}

/** An agent that gets its tokens from elsewhere. */
export interface RemoteTokenSource extends SharedOptions {
  readonly getToken: GetToken;
  /** The server that the tokens are for: the name it verifies as its audience. Passed to `getToken`. */
  readonly targetAudience?: string | undefined;
}

/** An agent that holds its provider's key and signs for itself. */
export interface LocalTokenSource extends SharedOptions {
  readonly attestationProvider: Pick<AttestationProvider, "createToken">;
  readonly agentIdentity: AgentIdentity;
  /** The server that the tokens are for: the name it verifies as its audience. */
  readonly targetAudience: string;
  /** The agent's SPIFFE ID. Default: `agentIdentity.toSpiffeId()`, which is `spiffe://<provider>.com/…`. */
  readonly subject?: string | undefined;
  readonly agentIntegrity?: AgentIntegrity | undefined;
  readonly attestationMetadata?: AttestationMetadata | undefined;
}

/** The origin of a client's tokens. */
export type TokenSource = RemoteTokenSource | LocalTokenSource;

/** A token source that has been read. */
export interface TokenSettings {
  /** Returns a fresh token. Rejects with the source's own error, or a TypeError when what it gave is no token. */
  readonly getToken: () => Promise<string>;
  readonly audience: string | null;
  readonly clock: Clock;
  readonly observer: AttestationObserver<ClientEvent> | undefined;
  readonly requireVerification: boolean;
}

/** Every option of both kinds of source. */
interface SourceOptions {
  readonly getToken: GetToken | undefined;
  readonly attestationProvider: LocalTokenSource["attestationProvider"] | undefined;
  readonly agentIdentity: AgentIdentity | undefined;
  readonly targetAudience: string | undefined;
  readonly subject: string | undefined;
  readonly agentIntegrity: AgentIntegrity | undefined;
  readonly attestationMetadata: AttestationMetadata | undefined;
  readonly clock: Clock;
  readonly observer: AttestationObserver<ClientEvent> | undefined;
  readonly requireVerification: boolean;
}

const IDENTITY = having<AgentIdentity>("an AgentIdentity", "toSpiffeId");
const AUDIENCE = text();

/** The readers of every option that a {@link TokenSource} can have. */
export const TOKEN_SOURCE_SPEC: OptionsSpec<SourceOptions> = {
  getToken: optional(callback<GetToken>()),
  attestationProvider: optional(
    having<LocalTokenSource["attestationProvider"]>("an AttestationProvider", "createToken"),
  ),
  agentIdentity: optional(IDENTITY),
  targetAudience: optional(AUDIENCE),
  subject: optional(text()),
  agentIntegrity: optional(objectOption<AgentIntegrity>("an AgentIntegrity")),
  attestationMetadata: optional(objectOption<AttestationMetadata>("an AttestationMetadata")),
  clock: clock(),
  observer: observer<ClientEvent>(),
  requireVerification: stated(flag(false)),
};

const EITHER = "give either getToken, or attestationProvider with agentIdentity and targetAudience";
/** The options that say what `getToken` knows by itself. */
const LOCAL_ONLY = [
  "attestationProvider",
  "agentIdentity",
  "subject",
  "agentIntegrity",
  "attestationMetadata",
] as const satisfies readonly (keyof LocalTokenSource)[];

/**
 * Reads a token source.
 *
 * @param owner whose options these are, for the messages of errors
 * @throws {TypeError} naming the option that is wrong, unknown, missing or of no use.
 */
export function readTokenSource(owner: string, source: TokenSource): TokenSettings {
  if (typeof source !== "object" || source === null) {
    throw new TypeError(`${owner} needs a token source, got ${kindOf(source)}: ${EITHER}`);
  }
  const options = readOptions(owner, source, TOKEN_SOURCE_SPEC);
  const give =
    options.getToken === undefined ? localSource(options) : remoteSource(options, options.getToken);
  return {
    getToken: async () => {
      const token: unknown = await give();
      assertToken(token);
      return token;
    },
    audience: options.targetAudience === undefined ? null : printable(options.targetAudience),
    clock: options.clock,
    observer: options.observer,
    requireVerification: options.requireVerification,
  };
}

function remoteSource(options: SourceOptions, getToken: GetToken): () => unknown {
  const useless = LOCAL_ONLY.find((name) => options[name] !== undefined);
  if (useless !== undefined) throw new TypeError(`${useless} is of no use beside getToken: ${EITHER}`);
  const { targetAudience } = options;
  return () => getToken({ audience: targetAudience });
}

function localSource(options: SourceOptions): () => unknown {
  const { attestationProvider, subject, agentIntegrity: integrity, attestationMetadata: metadata } = options;
  if (attestationProvider === undefined) throw new TypeError(EITHER);
  const identity = IDENTITY(options.agentIdentity, "agentIdentity");
  const audience = AUDIENCE(options.targetAudience, "targetAudience");
  return () => attestationProvider.createToken({ identity, audience, subject, integrity, metadata });
}
