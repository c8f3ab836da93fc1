import { AttestationVerifier } from "@attest/core";
import { HTTPKeyResolver } from "@attest/jwks";
import { AttestationRejectedError, AttestingClientSession, type GetToken } from "@attest/mcp-client";
import { createAttestingServer } from "@attest/mcp-server";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { githubClaims } from "../support/documented-claims.ts";
import { AUDIENCE, exchangeForm, ISSUER } from "../support/issuing.ts";
import { startPlatform } from "../support/platform-server.ts";
import { type ServedIssuer, serveIssuer } from "../support/served-issuer.ts";
import { signingKey } from "../support/signing-key.ts";

const key = await signingKey("RS256");
const clock = { now: () => Date.now() / 1000 };

/** A CI platform, an issuer for one repository of it, and an MCP server that trusts the issuer. */
async function start() {
  const platform = await startPlatform(key);
  const served = await serveIssuer(
    {
      platforms: {
        ci: { type: "github", issuer: platform.issuer, audience: ISSUER, allowInsecure: "loopback" },
      },
      rules: [
        {
          name: "release-bot",
          from: "ci",
          claims: { repository_owner_id: "65", repository_id: "74" },
          agent: { modelFamily: "claude-4", modelVersion: "claude-sonnet-4", provider: "anthropic" },
          audiences: [AUDIENCE],
          requireBinding: true,
        },
      ],
    },
    clock,
  );
  const keyResolver = new HTTPKeyResolver({ allowInsecure: "loopback" });
  onTestFinished(() => keyResolver.close());
  const verifier = new AttestationVerifier({
    trustedIssuers: [
      { issuer: served.issuer.issuer, trustLevel: "enterprise", trustDomains: ["corp.example"] },
    ],
    keyResolver,
    audience: AUDIENCE,
    requireProof: "always",
  });
  const connect = async (repositoryId: string) => {
    const server = createAttestingServer("tools", verifier, { version: "1.0.0" });
    server.registerTool(
      "whoami",
      {},
      server.requireAttestation({ issuer: served.issuer.issuer }, () => ({
        content: [{ type: "text", text: server.attestation?.subject ?? "nobody" }],
      })),
    );
    const now = Math.floor(clock.now());
    const claims = githubClaims({ iss: platform.issuer, aud: ISSUER, now });
    const subjectToken = await key.sign({ ...claims, repository_id: repositoryId });
    const session = new AttestingClientSession(
      { name: "release-bot", version: "1.0.0" },
      { proofOfPossession: true, targetAudience: AUDIENCE, getToken: exchanging(served, subjectToken) },
    );
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(far);
    onTestFinished(() => session.close());
    await session.connect(near);
    return session;
  };
  return { ...served, connect };
}

/** Gets tokens as an agent does: shows the platform's token, and proves the key that the client made. */
function exchanging({ issuer: { issuer } }: ServedIssuer, subjectToken: string): GetToken {
  return async ({ audience = "", confirmationKey, confirm }) => {
    const url = `${issuer}/token`;
    const request = { method: "token", params: { audience } };
    const proof = await confirm?.({ token: subjectToken, audience: issuer, request, url });
    const response = await fetch(url, {
      method: "POST",
      body: exchangeForm(subjectToken, {
        audience,
        confirmation_key: JSON.stringify(confirmationKey),
        confirmation_proof: proof,
      }),
    });
    const { access_token, error } = (await response.json()) as { access_token?: string; error?: string };
    if (access_token === undefined) throw new Error(`the issuer answered ${error}`);
    return access_token;
  };
}

describe("a workload with a platform's token, @attest/mcp-client, the issuer and @attest/mcp-server", () => {
  test("let the repository in that the policy names, bound to the client's own key", async () => {
    const { connect, observer } = await start();
    const session = await connect("74");
    expect(session.attestationStatus).toMatchObject({
      verificationStatus: "verified",
      trustLevel: "enterprise",
    });
    const result = await session.callTool({ name: "whoami" });
    expect(result.content).toEqual([{ type: "text", text: "spiffe://corp.example/agent/release-bot" }]);
    expect(observer.issued.keyThumbprint).toMatch(/^[\w-]{43}$/);
  });

  test("keep out the same workload from another repository, and tell the operator why", async () => {
    const { connect, observer } = await start();
    const error = await connect("75").then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(AttestationRejectedError);
    expect(observer.refusal.rules).toEqual([
      { rule: "release-bot", problems: ['repository_id is "75", and not "74"'] },
    ]);
  });
});
