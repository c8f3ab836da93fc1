import { AttestationVerifier, InMemoryKeyResolver, KeyPair } from "@attest/core";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { AUDIENCE, ISSUER } from "../../support/agent.ts";
import { GatedServer } from "../../support/gated-server.ts";

/** A gated server in a process of its own. The environment names the key that it trusts, and its clock skew in seconds. */
const { PROVIDER_PEM = "", CLOCK_SKEW_SECONDS } = process.env;
const keyResolver = new InMemoryKeyResolver();
keyResolver.addKeyPair(ISSUER, KeyPair.fromPem(PROVIDER_PEM, "key-1"));
const verifier = new AttestationVerifier({
  trustedIssuers: [ISSUER],
  keyResolver,
  audience: AUDIENCE,
  clockSkewSeconds: Number(CLOCK_SKEW_SECONDS),
});
await new GatedServer(verifier).connect(new StdioServerTransport());
