import type { Verifier } from "@attest/core";
import {
  type AttestingServer,
  type CreateAttestingServerOptions,
  createAttestingServer,
  currentAttestation,
} from "@attest/mcp-server";
import { z } from "zod";

/** A server with an open tool, one for any attested agent and one for provider trust. */
export function createWeatherServer(
  verifier: Verifier,
  options?: CreateAttestingServerOptions,
): AttestingServer {
  const server = createAttestingServer("weather", verifier, { version: "1.0.0", ...options });
  const say = (text: string) => ({ content: [{ type: "text" as const, text }] });
  server.registerTool("sky", { description: "Open to all" }, async () => say("blue"));
  server.registerTool(
    "forecast",
    { description: "For any attested agent", inputSchema: { city: z.string() } },
    server.requireAttestation({}, async ({ city }) =>
      say(`${city}: sun, for ${server.attestation?.subject}`),
    ),
  );
  server.registerTool(
    "steer-clouds",
    { description: "For provider trust" },
    server.requireAttestation({ trustLevel: "provider" }, async () => say("steered")),
  );
  server.registerTool("who-am-i", { description: "Says who calls" }, async () => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    return say(currentAttestation()?.subject ?? "nobody");
  });
  server.registerResource(
    "almanac",
    "weather://almanac",
    {},
    server.requireAttestation({ trustLevel: "provider" }, async (uri) => ({
      contents: [{ uri: uri.href, text: "rain" }],
    })),
  );
  return server;
}
