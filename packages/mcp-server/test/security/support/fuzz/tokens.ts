import { type Clock, decodeToken, KeyPair } from "@attest/core";
import { AUDIENCE, enterprise, Issuer, opus, sonnet } from "../../../support/agents.ts";
import type { Draft, TokenKind } from "./drafts.ts";

const KEY = "security.attestation";

const forger = KeyPair.generate("key-1");

/** Signs all tokens but forgeries. */
export const issuer: Issuer = new Issuer();

/** A token that is what it says: the truth that servers are measured by. */
export interface Genuine {
  readonly jti: string;
  readonly subject: string;
  readonly trustLevel: "provider" | "enterprise";
  readonly expiresAt: number;
}

/** Tokens of every kind, and which of them are good. */
export class Tokens {
  readonly #clock: Clock;
  readonly #genuine = new Map<string, Genuine>();
  readonly #presented: string[] = [];
  readonly #hopeless = new Set<unknown>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the true content of `token`; `undefined` when the token is not good. */
  truthOf(token: string): Genuine | undefined {
    return this.#genuine.get(token);
  }

  /** Whether any token that was presented is in `text`. */
  areIn(text: string): boolean {
    return this.#presented.some((token) => text.includes(token));
  }

  /** Whether `message` presents, beside what it asks for, what no verifier could accept at any time. */
  isHopeless(message: unknown): boolean {
    const { _meta } = Object((Object(message) as { params?: unknown }).params) as { _meta?: unknown };
    const entry = (Object(_meta) as Readonly<Record<string, unknown>>)[KEY];
    if (entry === undefined || entry === null) return false;
    const { token } = entry as { readonly token?: unknown };
    return typeof token !== "string" || this.#hopeless.has(token);
  }

  /** The message that a draft says, with a token of its kind. */
  async compose({ message, token }: Draft): Promise<unknown> {
    if (token === "absent" || !isObject(message) || !isObject(message["params"])) return message;
    const entry = token === "null" ? null : { version: "0.1.0", token: await this.#tokenOf(token) };
    const { params } = message;
    const isInitialize = message["method"] === "initialize" && "id" in message;
    const carrier = isInitialize
      ? { capabilities: { experimental: { [KEY]: entry } } }
      : { _meta: { [KEY]: entry } };
    return { ...message, params: { ...params, ...carrier } };
  }

  async #tokenOf(kind: Exclude<TokenKind, "absent" | "null">): Promise<unknown> {
    if (kind === "no string") return { not: "a string" };
    const token = await this.#mint(kind);
    this.#presented.push(token);
    if (typeof kind === "string" && !this.#genuine.has(token)) this.#hopeless.add(token);
    return token;
  }

  async #mint(kind: Exclude<TokenKind, "absent" | "null" | "no string">): Promise<string> {
    if (typeof kind === "object")
      return this.#presented[kind.used % this.#presented.length] ?? "none.was.used";
    if (kind === "junk") return "a.b.c";
    if (kind === "breaks the verifier" || kind === "confuses the verifier") return kind;
    const issuedAt = this.#clock.now() - (kind === "expired" ? 600 : 0);
    const identity = kind === "another agent's" ? opus : sonnet;
    const token = await issuer.token({
      keyPair: kind === "forged" ? forger : issuer.keyPair,
      clock: { now: () => issuedAt },
      identity,
      audience: kind === "for another audience" ? "https://other.example" : AUDIENCE,
      ...(kind === "enterprise" ? { metadata: enterprise } : {}),
    });
    if (kind === "good" || kind === "enterprise" || kind === "another agent's") {
      const { jti, exp } = decodeToken(token).claims;
      this.#genuine.set(token, {
        jti,
        subject: identity.toSpiffeId(),
        trustLevel: kind === "enterprise" ? "enterprise" : "provider",
        expiresAt: exp,
      });
    }
    return token;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
