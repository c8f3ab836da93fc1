import type { Verifier } from "@attest/core";
import { type AttestationRequirement, type AttestingServer, createAttestingServer } from "@attest/mcp-server";
import type { Expected, HandlerExtra, Witness } from "./witness.ts";

/** How long past their expiry tokens are good, in seconds. */
export const SKEW = 30;

export interface FuzzedServerOptions {
  readonly verifier: Verifier;
  readonly witness: Witness;
  /** Waits until the test says so. */
  readonly pause: () => Promise<true>;
}

/** A server guarded in every way there is, open and slow where it matters, with a witness in all of its code. */
export function createFuzzedServer({ verifier, witness, pause }: FuzzedServerOptions): AttestingServer {
  const server = createAttestingServer("fuzzed", verifier, {
    onUnattested: () => undefined,
    serverOptions: { capabilities: { logging: {} } },
    maxQueuedMessages: 6,
    rules: {
      tools: { ruled: { trustLevel: "provider" }, "ruled-*": { check: pause } },
      resources: { "fuzz://*": {} },
      prompts: { "*": {} },
    },
  });
  const run = (name: string, expected?: Expected) => async (extra: HandlerExtra) => {
    witness.look(`${name} runs`, expected, extra);
    return { content: [] };
  };
  const attested = { mustBeVerified: true };
  server.registerTool("open", {}, run("open"));
  const guard = (name: string, requirement: AttestationRequirement, handler: ReturnType<typeof run>) =>
    server.registerTool(name, {}, server.requireAttestation(requirement, handler));
  guard("guarded", {}, run("guarded", attested));
  guard(
    "provider-only",
    { trustLevel: "provider" },
    run("provider-only", { ...attested, level: "provider" }),
  );
  guard("slow", {}, async (extra) => {
    const before = witness.look("slow begins", attested, extra);
    await pause();
    const after = witness.look("slow goes on", {}, extra);
    if (after !== undefined && after !== before) witness.violate("slow goes on as another call");
    return { content: [] };
  });
  guard("slowly-checked", { check: pause }, run("slowly-checked", attested));
  server.registerTool("ruled", {}, run("ruled"));
  server.registerTool("ruled-slowly", {}, run("ruled-slowly"));
  server.registerResource("resource", "fuzz://resource", {}, async (_, extra) => {
    witness.look("the resource is read", {}, extra);
    return { contents: [] };
  });
  server.registerPrompt("prompt", {}, async (extra: unknown) => {
    witness.look("the prompt is got", {}, extra as HandlerExtra);
    return { messages: [] };
  });
  const connect = server.connect.bind(server);
  server.connect = (transport) => {
    // A handler that is set before `connect` moves behind the gate, so it hears what the server hears.
    transport.onmessage = (message) => witness.hear(message);
    return connect(transport);
  };
  return server;
}
