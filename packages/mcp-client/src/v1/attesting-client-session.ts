import { ATTESTATION_CAPABILITY_KEY, type AttestationStatus, VerificationStatus } from "@attest/core";
import { kindOf, membersOf } from "@attest/core/internal";
import { readStatus } from "@attest/core/wire";
import { Client, type ClientOptions } from "@modelcontextprotocol/sdk/client/index.js";
import type { AnySchema, SchemaOutput } from "@modelcontextprotocol/sdk/server/zod-compat.js";
import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { ClientRequest, Implementation, InitializeResult } from "@modelcontextprotocol/sdk/types.js";
import { asRejection } from "../errors/attestation-rejected-error.js";
import { UnverifiedServerError } from "../errors/unverified-server-error.js";
import { readTokenSource, type TokenSettings, type TokenSource } from "../evidence/token-source.js";
import { assertTransport, attestWith } from "../transport/attest-transport.js";
import { endHttpSession } from "../transport/end-http-session.js";
import type { TransportLike } from "../transport/transport-like.js";

/** The status of a server that says nothing about attestation. */
export interface SilentStatus {
  readonly verificationStatus: typeof VerificationStatus.NOT_PROVIDED;
  readonly trustLevel: "none";
}

/** An MCP client, the SDK's own, that presents a fresh attestation token on every connect. */
export class AttestingClientSession extends Client implements AsyncDisposable {
  readonly #settings: TokenSettings;
  #initializeResult: InitializeResult | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @param clientInfo the client's own name and version, as MCP shows them to servers
   * @throws {TypeError} naming the option that is wrong or unknown.
   */
  constructor(clientInfo: Implementation, source: TokenSource, clientOptions?: ClientOptions) {
    assertClientInfo(clientInfo);
    const settings = readTokenSource("AttestingClientSession", source);
    super(clientInfo, clientOptions);
    this.#settings = settings;
  }

  /**
   * Connects, with a fresh token. To connect again, after a failed attempt too, takes a new transport.
   *
   * @throws {AttestationRejectedError} when the server refuses the token or its absence; the transport is closed then.
   * @throws {UnverifiedServerError} under `requireVerification`, when the server did not verify the agent.
   * @throws {TypeError} when `transport` is no transport, or has been used before.
   */
  override async connect(transport: TransportLike, options?: RequestOptions): Promise<void> {
    assertTransport("connect", transport);
    // The SDK refuses to connect twice; that must neither use up the transport nor forget the session there is.
    if (this.transport !== undefined) return super.connect(transport, options);
    let unverified: UnverifiedServerError | undefined;
    let isConnecting = true;
    attestWith(transport, this.#settings, {
      onUnverified: (error) => {
        if (isConnecting) unverified = error;
      },
      onReopened: (result) => {
        this.#initializeResult = result as InitializeResult;
      },
    });
    this.#initializeResult = undefined;
    try {
      await super.connect(transport, options);
      // A transport that takes up an earlier session sends no `initialize`, so nobody has verified anything.
      if (this.#settings.requireVerification && !this.attestationVerified) {
        throw new UnverifiedServerError(VerificationStatus.NOT_PROVIDED);
      }
    } catch (error) {
      await this.close();
      throw unverified ?? error;
    } finally {
      isConnecting = false;
    }
  }

  /**
   * Closes the connection. An HTTP session is ended at the server as well, with `DELETE`; a server that cannot be
   * reached, or takes longer than 5 s, does not keep the connection open.
   */
  override close(): Promise<void> {
    this.#closing ??= this.#end().finally(() => {
      this.#closing = undefined;
    });
    return this.#closing;
  }

  /** Closes the connection at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @throws {AttestationRejectedError} when the server refuses the request for want of attestation. */
  override request<T extends AnySchema>(
    request: ClientRequest,
    resultSchema: T,
    options?: RequestOptions,
  ): Promise<SchemaOutput<T>> {
    const answer = super.request(request, resultSchema, options).catch((error: unknown) => {
      throw asRejection(error, request.method);
    });
    return request.method === "initialize" ? this.#remember(answer) : answer;
  }

  /** The server's answer to `initialize`; `undefined` while not connected. */
  get initializeResult(): InitializeResult | undefined {
    return this.transport === undefined ? undefined : this.#initializeResult;
  }

  /**
   * The server's word on what became of the attestation; `null` while not connected. A server that says nothing, or
   * nothing that makes sense, is reported as `not_provided`.
   */
  get attestationStatus(): AttestationStatus | SilentStatus | null {
    const result = this.initializeResult;
    if (result === undefined) return null;
    const status = readStatus(result.capabilities.experimental?.[ATTESTATION_CAPABILITY_KEY]);
    return status ?? { verificationStatus: VerificationStatus.NOT_PROVIDED, trustLevel: "none" };
  }

  /** Whether the server says it verified this agent; `false` while not connected. */
  get attestationVerified(): boolean {
    return this.attestationStatus?.verificationStatus === VerificationStatus.VERIFIED;
  }

  async #remember<T>(answer: Promise<T>): Promise<T> {
    const result = await answer;
    this.#initializeResult = result as InitializeResult;
    return result;
  }

  async #end(): Promise<void> {
    const ending = this.transport && endHttpSession(this.transport);
    // Where there is nothing to wait for, the connection is closed in this very step, as the SDK's client does it.
    if (ending !== undefined) await ending;
    await super.close();
  }
}

function assertClientInfo(clientInfo: unknown): void {
  const { name, version } = membersOf(clientInfo);
  if (typeof name === "string" && name !== "" && typeof version === "string") return;
  throw new TypeError(`clientInfo must have the strings name and version, got ${kindOf(clientInfo)}`);
}
