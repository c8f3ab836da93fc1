import {
  ATTESTATION_VERSION,
  type AttestationErrorCode,
  type AttestationVerifier,
  type VerificationResult,
} from "@attest/core";
import {
  type Evidence,
  errorResponse,
  evidenceIn,
  isRequest,
  isResult,
  type Message,
  type RequestId,
  type Requirements,
  VerificationStatus,
  withoutEvidence,
  withStatus,
  writeRefusal,
} from "@attest/core/wire";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolRequestSchema,
  type JSONRPCMessage,
  type ServerCapabilities,
} from "@modelcontextprotocol/sdk/types.js";
import { AUDIENCE, ISSUER } from "./agent.ts";

const REQUIREMENTS: Requirements = {
  policy: "required",
  trustedIssuers: [ISSUER],
  requiredClaims: [],
  audience: [AUDIENCE],
};

/** Messages that a {@link GatedServer} has seen. */
export interface Seen {
  /** The evidence of every request that carried some, by method. */
  readonly evidence: { readonly method: string; readonly evidence: Evidence }[];
  /** The method of every message that came in, in order. */
  readonly methods: string[];
  /** How often the tool ran. */
  runs: number;
}

/**
 * A server of the SDK's own behind the smallest gate that keeps to protocol §4: it verifies the token of `initialize`,
 * goes on with fresh ones, and refuses calls once the last has expired. The package's own gate lives in a package that
 * depends on this one.
 */
export class GatedServer {
  readonly seen: Seen = { evidence: [], methods: [], runs: 0 };
  readonly server: Server;
  readonly #verifier: AttestationVerifier;
  #verdict: VerificationResult | undefined;
  #initializeId: RequestId | undefined;

  constructor(verifier: AttestationVerifier, capabilities: ServerCapabilities = {}) {
    this.#verifier = verifier;
    const options = { capabilities: { ...capabilities, tools: {} } };
    this.server = new Server({ name: "gated", version: "1" }, options);
    this.server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
      this.seen.runs += 1;
      if (params.name === "slow") await new Promise((resolve) => setTimeout(resolve, 50));
      return { content: [{ type: "text", text: JSON.stringify(params._meta ?? {}) }] };
    });
  }

  /** Connects the server to `transport`, through the gate. */
  async connect(transport: Transport): Promise<void> {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => send(this.#outgoing(message), options);
    await this.server.connect(transport);
    const pass = transport.onmessage;
    transport.onmessage = (message, extra) => {
      void this.#judge(message as Message).then((refusal) => {
        if (refusal === undefined) pass?.(withoutEvidence(message as Message) as JSONRPCMessage, extra);
        else void send(refusal as JSONRPCMessage);
      });
    };
  }

  async #judge(message: Message): Promise<Message | undefined> {
    if ("method" in message) this.seen.methods.push(message.method);
    if (!isRequest(message)) return undefined;
    const evidence = evidenceIn(message);
    if (evidence !== undefined) this.seen.evidence.push({ method: message.method, evidence });
    const refuse = (code: AttestationErrorCode) =>
      errorResponse(message.id, writeRefusal(code, REQUIREMENTS));
    if (evidence !== undefined || message.method === "initialize") {
      const verdict = await this.#verifier.verify(evidence?.token);
      if (!verdict.verified) return refuse(verdict.errorCode);
      this.#verdict = verdict;
    }
    if (message.method === "initialize") this.#initializeId = message.id;
    if (message.method !== "tools/call" || !this.#verdict?.verified) return undefined;
    return this.#verifier.clock.now() < this.#verdict.validUntil ? undefined : refuse(1001);
  }

  #outgoing(message: JSONRPCMessage): JSONRPCMessage {
    const answer = message as Message;
    if (!isResult(answer) || answer.id !== this.#initializeId) return message;
    return withStatus(answer, {
      ...REQUIREMENTS,
      version: ATTESTATION_VERSION,
      verificationStatus: VerificationStatus.VERIFIED,
      trustLevel: "provider",
      verifiedClaims: ["iss"],
    }) as JSONRPCMessage;
  }
}
