/*
 * How the agents of these examples get their tokens: from the demo provider, by their API key. Yours has its own way.
 */
import type { TokenRequest } from "@attest/mcp-client";

const provider = process.env["PROVIDER"] || "http://127.0.0.1:4100";
const apiKey = process.env["API_KEY"] || "demo-agent-api-key";

/** Returns a fresh token for the server that goes by the name `audience`. @throws {Error} with the provider's own words. */
export function requestToken(audience: string | undefined, lifetimeSeconds = 300): Promise<string> {
  return ask({ audience, lifetimeSeconds });
}

/**
 * Returns a token that is bound to the agent's own key, which the agent proves to the provider.
 *
 * @throws {Error} with the provider's own words.
 */
export async function requestBoundToken({
  audience,
  confirmationKey,
  confirm,
}: TokenRequest): Promise<string> {
  const request = { method: "token", params: { audience } };
  const url = new URL("/v1/attestations", provider).href;
  const confirmationProof = await confirm?.({ token: apiKey, audience: provider, request, url });
  return ask({ audience, confirmationKey, confirmationProof });
}

async function ask(body: object): Promise<string> {
  const response = await fetch(new URL("/v1/attestations", provider), {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => {
    throw new Error(`no provider at ${provider}; start one: node apps/demo-provider/dist/main.js`, { cause });
  });
  const { token, message } = (await response.json()) as {
    readonly token?: string;
    readonly message?: string;
  };
  if (token === undefined) throw new Error(`the provider gave no token: ${response.status} ${message}`);
  return token;
}
