import {
  ATTESTATION_CAPABILITY_KEY,
  type AttestationStatus,
  type Clock,
  VerificationStatus,
} from "@attest/core";
import { kindOf } from "@attest/core/internal";
import { readStatus } from "@attest/core/wire";
import type { ClientOptions } from "@modelcontextprotocol/sdk/client/index.js";
import type { AnySchema, SchemaOutput } from "@modelcontextprotocol/sdk/server/zod-compat.js";
import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { ClientRequest, Implementation, InitializeResult } from "@modelcontextprotocol/sdk/types.js";
import { assertTransport, attestWith } from "./attest-transport.js";
import { asRejection } from "./attestation-rejected-error.js";
import { Client } from "./sdk.js";
import { type TokenSource, tokenGetter } from "./token-source.js";
import { UnverifiedServerError } from "./unverified-server-error.js";

/** What a server that says nothing about attestation is taken to say. */
export interface SilentStatus {
  readonly verificationStatus: typeof VerificationStatus.NOT_PROVIDED;
  readonly trustLevel: "none";
}

/** An MCP client that presents a fresh attestation token on every connect. */
export class AttestingClientSession extends Client {
  readonly #getToken: () => Promise<string>;
  readonly #clock: Clock | undefined;
  readonly #requireVerification: boolean;
  #initializeResult: InitializeResult | undefined;

  /**
   * @param clientInfo the client's own name and version, as MCP shows them to servers
   * @throws {TypeError} naming the option that is wrong or unknown.
   */
  constructor(clientInfo: Implementation, source: TokenSource, clientOptions?: ClientOptions) {
    assertClientInfo(clientInfo);
    const getToken = tokenGetter("AttestingClientSession", source);
    super(clientInfo, clientOptions);
    this.#getToken = getToken;
    this.#clock = source.clock;
    this.#requireVerification = source.requireVerification === true;
  }

  /**
   * Connects, with a fresh token. To connect again, after a failed attempt too, takes a new transport.
   *
   * @throws {AttestationRejectedError} when the server refuses the token or its absence; the transport is closed then.
   * @throws {UnverifiedServerError} under `requireVerification`, when the server did not verify the agent.
   * @throws {TypeError} when `transport` is none, or has been used before.
   */
  override async connect(transport: Transport, options?: RequestOptions): Promise<void> {
    assertTransport("connect", transport);
    // The SDK refuses to connect twice; that must neither use up the transport nor forget the session there is.
    if (this.transport === undefined) {
      attestWith(transport, this.#getToken, this.#clock);
      this.#initializeResult = undefined;
    }
    await super.connect(transport, options);
    const status = this.attestationStatus?.verificationStatus ?? VerificationStatus.NOT_PROVIDED;
    if (this.#requireVerification && status !== VerificationStatus.VERIFIED) {
      await this.close();
      throw new UnverifiedServerError(status);
    }
  }

  /** @throws {AttestationRejectedError} when the server refuses the request for want of attestation. */
  override async request<T extends AnySchema>(
    request: ClientRequest,
    resultSchema: T,
    options?: RequestOptions,
  ): Promise<SchemaOutput<T>> {
    try {
      const result = await super.request(request, resultSchema, options);
      if (request.method === "initialize") this.#initializeResult = result as InitializeResult;
      return result;
    } catch (error) {
      throw asRejection(error);
    }
  }

  /** What the server answered to `initialize`; `undefined` while not connected. */
  get initializeResult(): InitializeResult | undefined {
    return this.transport === undefined ? undefined : this.#initializeResult;
  }

  /**
   * What the server says became of the attestation; `null` while not connected. A server that says nothing, or
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
}

function assertClientInfo(clientInfo: unknown): void {
  const { name, version } = Object(clientInfo) as { readonly name?: unknown; readonly version?: unknown };
  if (typeof name === "string" && name !== "" && typeof version === "string") return;
  throw new TypeError(`clientInfo must have the strings name and version, got ${kindOf(clientInfo)}`);
}
