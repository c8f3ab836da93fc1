import type { VerificationPolicy } from "@attest/core";
import { attestationOf, currentAttestation } from "@attest/mcp-server";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Genuine } from "./tokens.ts";

/** Conditions that the caller must meet. */
export interface Expected {
  readonly mustBeVerified?: boolean;
  readonly level?: "any" | "provider";
}

export interface WitnessOptions {
  readonly policy: VerificationPolicy;
  /** The genuine tokens that the verifier accepted for this session, by their ids. */
  readonly accepted: ReadonlyMap<string, Genuine>;
  /** Whether a token that expires then is good no more. */
  readonly isPast: (seconds: number) => boolean;
  /** Whether a token that was presented is in `text`. */
  readonly isToken: (text: string) => boolean;
  readonly violate: (what: string) => void;
}

/** The part of what a handler gets beside its arguments that is looked at. */
export interface HandlerExtra {
  readonly requestId: string | number;
}

/** Watches one session from inside its server: who calls there must be whom the session's own tokens speak for. */
export class Witness {
  readonly #options: WitnessOptions;
  #agent: string | undefined;
  #isInUse = false;
  /** The ids of requests that the client gave up: their handlers may begin, or go on, all the same. */
  readonly #givenUp = new Set<unknown>();

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  violate(what: string): void {
    this.#options.violate(what);
  }

  /** The server hears `message`. */
  hear(message: JSONRPCMessage): void {
    // An initialize that the server itself refuses may be followed by one of another agent: nothing ran between.
    if ("id" in message && "method" in message && message.method === "initialize") {
      if (this.#isInUse) this.#options.violate("a second initialize reaches the server");
      this.#agent = undefined;
    } else this.#isInUse = true;
    if ("method" in message && message.method === "notifications/cancelled") {
      this.#givenUp.add(message.params?.["requestId"]);
    }
    const text = JSON.stringify(message);
    if ("method" in message && this.#options.isToken(text)) this.#options.violate("the server sees a token");
    this.look(`the server hears ${text.slice(0, 100)}`, expectedByRules(message));
  }

  /**
   * Looks who calls, and returns the id of the token by which that is known, if it is.
   *
   * @param extra what the handler got beside its arguments, where one runs
   */
  look(
    where: string,
    { mustBeVerified = false, level = "any" }: Expected = {},
    extra?: HandlerExtra,
  ): string | undefined {
    const { policy, accepted, isPast, violate } = this.#options;
    const isGivenUp = extra !== undefined && this.#givenUp.has(extra.requestId);
    // A call that was given up has no context that its handler runs in. Whose it was, `extra` tells.
    const context = currentAttestation() ?? (isGivenUp ? attestationOf(extra) : undefined);
    if (context === undefined) violate(`${where} outside a request`);
    if (policy === "required" && accepted.size === 0) violate(`${where} before a verified handshake`);
    if (!context?.verified) {
      if (mustBeVerified) violate(`${where} unverified`);
      return undefined;
    }
    const { subject, trustLevel, expiresAt, claims } = context;
    const truth = accepted.get(claims.jti);
    this.#agent ??= subject;
    if (truth === undefined) violate(`${where} by a token that this session did not present in time`);
    else if (truth.subject !== subject || truth.trustLevel !== trustLevel || truth.expiresAt !== expiresAt) {
      violate(`${where} as what its token does not say`);
    }
    if (this.#agent !== subject) violate(`${where} as a second agent`);
    if (level === "provider" && truth?.trustLevel !== "provider") violate(`${where} below provider trust`);
    if (isPast(expiresAt)) violate(`${where} by a token that has expired`);
    return claims.jti;
  }
}

/** Rules are asked before the server hears of a request; guards, at the last moment before a handler runs. */
function expectedByRules(message: JSONRPCMessage): Expected {
  const { method, params } = message as { readonly method?: string; readonly params?: object };
  const { name } = Object(params) as { readonly name?: unknown };
  if (method === "resources/read" || method === "prompts/get") return { mustBeVerified: true };
  if (method !== "tools/call" || typeof name !== "string") return {};
  return { mustBeVerified: name.startsWith("ruled"), level: name === "ruled" ? "provider" : "any" };
}
