import type { TokenRequest } from "@attest/mcp-client";

/**
 * Asks the provider for a token, as an agent with an API key does; for one that is bound to the agent's key where the
 * client has one to prove.
 *
 * @throws {Error} with the provider's answer.
 */
export async function requestToken(
  providerOrigin: string,
  apiKey: string,
  body: { readonly audience: string | readonly string[]; readonly lifetimeSeconds?: number },
  { confirmationKey, confirm }: Partial<TokenRequest> = {},
): Promise<string> {
  const url = `${providerOrigin}/v1/attestations`;
  const confirmationProof = await confirm?.({
    token: apiKey,
    audience: providerOrigin,
    request: { method: "token", params: { audience: body.audience } },
    url,
  });
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ ...body, confirmationKey, confirmationProof }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as { readonly token?: unknown; readonly message?: unknown };
  if (typeof answer.token !== "string") {
    throw new Error(`the provider gave no token: ${response.status} ${String(answer.message)}`);
  }
  return answer.token;
}
