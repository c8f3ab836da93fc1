import { ATTESTATION_VERSION } from "@attest/core";
import { membersOf, type Option, type OptionsSpec, optional, readOptions } from "@attest/core/internal";
import type { ClientOptions } from "@modelcontextprotocol/sdk/client/index.js";
import type { Implementation, InitializeResult } from "@modelcontextprotocol/sdk/types.js";
import { TOKEN_SOURCE_SPEC, type TokenSource } from "../evidence/token-source.js";
import { objectOption } from "../object-option.js";
import { assertTransport } from "../transport/attest-transport.js";
import type { TransportLike } from "../transport/transport-like.js";
import { AttestingClientSession } from "./attesting-client-session.js";

interface SessionOptions {
  /** A transport that is not connected yet. */
  readonly transport: TransportLike;
  /**
   * The client's own name and version. Default: `@attest/mcp-client`, with the version of the attestation protocol
   * ({@link ATTESTATION_VERSION}).
   */
  readonly clientInfo?: Implementation | undefined;
  /** The options of the SDK's `Client`. */
  readonly clientOptions?: ClientOptions | undefined;
}

export type CreateAttestingSessionOptions = TokenSource & SessionOptions;

const newTransport: Option<TransportLike> = (value) => {
  assertTransport("createAttestingSession", value);
  if (membersOf(value)["sessionId"] === undefined) return value;
  throw new TypeError(
    "transport has a sessionId already, so nothing would be attested: pass a new transport",
  );
};

const SESSION_SPEC: OptionsSpec<SessionOptions> = {
  transport: newTransport,
  clientInfo: optional(objectOption<Implementation>("an object with name and version")),
  clientOptions: optional(objectOption<ClientOptions>("the options of the SDK's Client")),
};

/**
 * Returns a connected {@link AttestingClientSession}, and the server's answer to `initialize`.
 *
 * @throws {AttestationRejectedError} when the server refuses the attestation.
 * @throws {UnverifiedServerError} under `requireVerification`, when the server did not verify the agent.
 * @throws {TypeError} naming the option that is wrong or unknown.
 */
export async function createAttestingSession(
  options: CreateAttestingSessionOptions,
): Promise<{ readonly session: AttestingClientSession; readonly result: InitializeResult }> {
  const spec = { ...SESSION_SPEC, ...TOKEN_SOURCE_SPEC };
  const { transport, clientInfo, clientOptions, ...source } = readOptions(
    "createAttestingSession",
    options,
    spec,
  );
  const session = new AttestingClientSession(
    clientInfo ?? { name: "@attest/mcp-client", version: ATTESTATION_VERSION },
    given(source) as TokenSource,
    clientOptions,
  );
  await session.connect(transport);
  const result = session.initializeResult;
  if (result === undefined) throw new Error("the connection was closed as soon as it was made");
  return { session, result };
}

/** Returns the members that have a value: some options may be absent, and not `undefined`. */
function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
