import { readFileSync } from "node:fs";
import {
  AgentIdentity,
  AgentIntegrity,
  AttestationMetadata,
  AttestationProvider,
  KeyPair,
} from "@attest/core";

export const ISSUER = "https://api.anthropic.com";
export const AUDIENCE = "https://mcp.example.com";

/** The key pair that every contender signs or verifies with. */
export const keyPair: KeyPair = KeyPair.generate("bench-2026");

export const identity: AgentIdentity = new AgentIdentity({
  modelFamily: "claude-4",
  modelVersion: "claude-sonnet-4-20250514",
  provider: "anthropic",
  deploymentId: "api-prod-us-east",
});

/** With these a token is about a kilobyte long. */
export const details = {
  integrity: new AgentIntegrity({
    configHash: AgentIntegrity.computeHash('{"temperature": 0.7}'),
    systemPromptHash: AgentIntegrity.computeHash("You are a helpful assistant"),
  }),
  metadata: new AttestationMetadata({ capabilitiesDeclared: ["tool_use", "code_execution"] }),
} as const;

const provider = new AttestationProvider({ issuer: ISSUER, keyPair });

/**
 * `count` fresh tokens as a server gets them, out of JSON. As they come from a provider they are strings in pieces, which
 * their first reader has to join.
 */
export async function freshTokens(count: number): Promise<readonly string[]> {
  const tokens: string[] = [];
  for (let index = 0; index < count; index++) {
    tokens.push(await provider.createToken({ identity, audience: AUDIENCE, ...details }));
  }
  return throughJson(tokens);
}

/** Returns `value` as a server gets it. */
export function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Signed part of a token, and its signature. */
export interface SignedMessage {
  readonly message: Buffer;
  readonly signature: Buffer;
}

/** `count` fresh messages with their signatures, decoded. */
export async function freshMessages(count: number): Promise<readonly SignedMessage[]> {
  const tokens = await freshTokens(count);
  return tokens.map((token) => {
    const dot = token.lastIndexOf(".");
    return {
      message: Buffer.from(token.slice(0, dot), "latin1"),
      signature: Buffer.from(token.slice(dot + 1), "base64url"),
    };
  });
}

/** The name of an installed package with its version. */
export function versioned(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  return `${name} ${version}`;
}
