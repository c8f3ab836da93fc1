import type { AttestationObserver, Verifier } from "@attest/core";
import { type AttestingServer, createAttestingServer } from "@attest/mcp-server";
import { z } from "zod";

/**
 * An operations desk for agents: whoever the policy lets in may ask how things are, attested agents may read, and
 * those with provider trust may act.
 */
export function createOperationsServer(verifier: Verifier, observer?: AttestationObserver): AttestingServer {
  const options = { version: "1.0.0", observer, recordCalls: true };
  const server = createAttestingServer("operations", verifier, options);

  server.registerTool(
    "service_status",
    {
      description:
        "How the services are. For every session that the policy lets in: under required, attested agents.",
    },
    async () => text("checkout: up, search: up, mail: degraded"),
  );

  server.registerTool(
    "read_logs",
    {
      description: "The last lines of a service's log. For any attested agent.",
      inputSchema: { service: z.enum(["checkout", "search", "mail"]) },
    },
    server.requireAttestation({}, async ({ service }) =>
      text(`${service}: queue length 4211, retrying in 30 s`),
    ),
  );

  server.registerTool(
    "restart_service",
    {
      description: "Restarts a service. For agents that their model's provider vouches for.",
      inputSchema: { service: z.enum(["checkout", "search", "mail"]) },
    },
    server.requireAttestation({ trustLevel: "provider" }, async ({ service }) =>
      text(`${service} restarted for ${server.attestation?.subject}`),
    ),
  );

  return server;
}

function text(line: string): { content: { type: "text"; text: string }[] } {
  return { content: [{ type: "text", text: line }] };
}
