import type { Issuer } from "../../support/agents.ts";

/** A token that `issuer` signed, right in everything but its `attestation_type`. */
export async function signedWithLevel(issuer: Issuer, attestationType: string): Promise<string> {
  const [header = "", payload = ""] = (await issuer.token()).split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, object>;
  const metadata = { ...claims["attestation_metadata"], attestation_type: attestationType };
  const changed = { ...claims, attestation_metadata: metadata };
  const input = `${header}.${Buffer.from(JSON.stringify(changed)).toString("base64url")}`;
  const signature = issuer.keyPair.sign(new TextEncoder().encode(input));
  return `${input}.${Buffer.from(signature).toString("base64url")}`;
}
