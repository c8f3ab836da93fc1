import type {
  AgentIdentity,
  AgentIntegrity,
  AttestationMetadata,
  AttestationObserver,
  AttestationProvider,
  Clock,
  Ed25519PublicJwk,
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
import { assertBoundTo } from "./assert-bound.js";
import { assertToken } from "./assert-token.js";
import { type Confirm, confirmWith } from "./confirm.js";
import { type ProofKey, proofKeyOf, proofKeyOption } from "./proof-key.js";

/** The request for a token, as a token source gets it. */
export interface TokenRequest {
  /** The server that the token is for, if the client was told. */
  readonly audience: string | undefined;
  /** The public key that the token has to be bound to; `undefined` where the client proves nothing. */
  readonly confirmationKey?: Ed25519PublicJwk | undefined;
  /** Proves to an issuer that the client has that key; `undefined` where it proves nothing. */
  readonly confirm?: Confirm | undefined;
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
  /**
   * Whether the agent's tokens are bound to a key of this client's own, which it proves to have: at `initialize`, and with
   * every request where the server asks for that. A stolen token is then worth nothing. Needs `targetAudience`. Default:
   * false.
   */
  readonly proofOfPossession?: boolean;
  /** The key to prove with: it says `proofOfPossession` as well. Default: a new key pair. */
  readonly key?: ProofKey | undefined;
  /** The clock that tells when a token is to be renewed, and when a proof was made. Default: the system's. */
  readonly clock?: Clock | undefined;
  /**
   * Whether a new HTTP session is opened, with a fresh token, when the server answers 404 to the session's id. Requests
   * that the 404 refused are sent again, and none that may have run. Default: true.
   */
  readonly reconnect?: boolean | undefined;
  /** Is told of every token that is fetched, renewed or refused, and of sessions that are opened anew. */
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
  /** The key that tokens are bound to, and the server that proofs are for; `undefined` where nothing is proven. */
  readonly proof: { readonly key: ProofKey; readonly audience: string } | undefined;
  readonly reconnect: boolean;
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
  readonly proofOfPossession: boolean | undefined;
  readonly key: ProofKey | undefined;
  readonly reconnect: boolean;
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
  proofOfPossession: stated(optional(flag(false))),
  key: optional(proofKeyOption),
  reconnect: flag(true),
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
  const proof = proofFor(options);
  const give =
    options.getToken === undefined
      ? localSource(options, proof?.key)
      : remoteSource(options, options.getToken, proof?.key);
  return {
    proof,
    getToken: async () => {
      const token: unknown = await give();
      assertToken(token);
      if (proof !== undefined) assertBoundTo(proof.key.publicKey, token);
      return token;
    },
    audience: options.targetAudience === undefined ? null : printable(options.targetAudience),
    clock: options.clock,
    observer: options.observer,
    requireVerification: options.requireVerification,
    reconnect: options.reconnect,
  };
}

/** @throws {TypeError} when proofs would be for no server that is known. */
function proofFor({ proofOfPossession, key, targetAudience }: SourceOptions): TokenSettings["proof"] {
  const own = proofKeyOf(proofOfPossession, key);
  if (own === undefined) return undefined;
  if (targetAudience === undefined) {
    throw new TypeError("proofOfPossession needs targetAudience: a proof is for one server, by its name");
  }
  return { key: own, audience: targetAudience };
}

function remoteSource(options: SourceOptions, getToken: GetToken, key: ProofKey | undefined): () => unknown {
  const useless = LOCAL_ONLY.find((name) => options[name] !== undefined);
  if (useless !== undefined) throw new TypeError(`${useless} is of no use beside getToken: ${EITHER}`);
  const { targetAudience, clock } = options;
  if (key === undefined) return () => getToken({ audience: targetAudience });
  const request = {
    audience: targetAudience,
    confirmationKey: { ...key.publicKey.toJwk(), alg: "EdDSA" },
    confirm: confirmWith(key, clock),
  } as const;
  return () => getToken(request);
}

function localSource(options: SourceOptions, key: ProofKey | undefined): () => unknown {
  const { attestationProvider, subject, agentIntegrity: integrity, attestationMetadata: metadata } = options;
  if (attestationProvider === undefined) throw new TypeError(EITHER);
  const identity = IDENTITY(options.agentIdentity, "agentIdentity");
  const audience = AUDIENCE(options.targetAudience, "targetAudience");
  const confirmationKey = key?.publicKey;
  return () =>
    attestationProvider.createToken({ identity, audience, subject, integrity, metadata, confirmationKey });
}
