import { KeyPair } from "@attest/core";
import { createAttestingServer } from "@attest/mcp-server";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { Issuer } from "../../support/agents.ts";

/** A server that goes by the system's clock and a skew that is set; its one tool tells which token it is called with. */
const { ISSUER_PEM = "", SKEW } = process.env;
const issuer = new Issuer(KeyPair.fromPem(ISSUER_PEM, "key-1"));
const clockSkewSeconds = Number(SKEW);
const server = createAttestingServer("brief", issuer.verifier({ clockSkewSeconds }));
server.registerTool(
  "which-token",
  {},
  server.requireAttestation({}, async () => ({
    content: [{ type: "text", text: server.attestation?.claims?.jti ?? "none" }],
  })),
);
await server.connect(new StdioServerTransport());
