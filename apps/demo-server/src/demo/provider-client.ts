/** Asks the provider for a token, as an agent with an API key does. @throws {Error} with the provider's answer. */
export async function requestToken(
  providerOrigin: string,
  apiKey: string,
  body: { readonly audience: string; readonly lifetimeSeconds?: number },
): Promise<string> {
  const response = await fetch(`${providerOrigin}/v1/attestations`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as { readonly token?: unknown; readonly message?: unknown };
  if (typeof answer.token !== "string") {
    throw new Error(`the provider gave no token: ${response.status} ${String(answer.message)}`);
  }
  return answer.token;
}
