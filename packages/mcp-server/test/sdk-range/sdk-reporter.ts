import { AttestationVerifier, InMemoryKeyResolver } from "@attest/core";
import { createAttestingServer } from "@attest/mcp-server";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { AUDIENCE, ISSUER } from "../support/agents.ts";
import { whichSdk } from "./which-sdk.ts";

/** A stdio server whose instructions tell which SDK it runs on. */
const verifier = new AttestationVerifier({
  trustedIssuers: [ISSUER],
  keyResolver: new InMemoryKeyResolver(),
  audience: AUDIENCE,
  policy: "optional",
});
const instructions = JSON.stringify(await whichSdk());
const server = createAttestingServer("sdk-reporter", verifier, { serverOptions: { instructions } });
await server.connect(new StdioServerTransport());
