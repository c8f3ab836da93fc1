import { ATTESTATION_VERSION } from "@attest/core";
import { assertOptions } from "@attest/core/internal";
import type { ClientOptions } from "@modelcontextprotocol/sdk/client/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Implementation, InitializeResult } from "@modelcontextprotocol/sdk/types.js";
import { assertTransport } from "./attest-transport.js";
import { AttestingClientSession } from "./attesting-client-session.js";
import { TOKEN_SOURCE_OPTIONS, type TokenSource } from "./token-source.js";

export type CreateAttestingSessionOptions = TokenSource & {
  /** One that is not connected yet. */
  readonly transport: Transport;
  /**
   * The client's own name and version. Default: `@attest/mcp-client`, with the version of the attestation protocol
   * ({@link ATTESTATION_VERSION}).
   */
  readonly clientInfo?: Implementation | undefined;
  readonly clientOptions?: ClientOptions | undefined;
};

/**
 * A connected {@link AttestingClientSession}, and what the server answered to `initialize`.
 *
 * @throws {AttestationRejectedError} when the server refuses the attestation.
 * @throws {TypeError} naming the option that is wrong or unknown.
 */
export async function createAttestingSession(
  options: CreateAttestingSessionOptions,
): Promise<{ readonly session: AttestingClientSession; readonly result: InitializeResult }> {
  const own = ["transport", "clientInfo", "clientOptions"];
  assertOptions("createAttestingSession", options, [...own, ...TOKEN_SOURCE_OPTIONS]);
  const { transport, clientInfo, clientOptions, ...source } = options;
  assertTransport("createAttestingSession", transport);
  const session = new AttestingClientSession(
    clientInfo ?? { name: "@attest/mcp-client", version: ATTESTATION_VERSION },
    source,
    clientOptions,
  );
  await session.connect(transport);
  const result = session.initializeResult;
  if (result === undefined) {
    await session.close();
    throw new TypeError("transport has a sessionId already, so nothing was attested: pass a new transport");
  }
  return { session, result };
}
