import { AsyncResource } from "node:async_hooks";
import { type AttestationVerifier, isAttestationError, type TrustLevel } from "@attest/core";
import type { FixedClock } from "@attest/core/testing";
import {
  type AttestingServer,
  createAttestingServer,
  currentAttestation,
  requireAttestation,
} from "@attest/mcp-server";
import { z } from "zod";

const say = (text: string) => ({ content: [{ type: "text" as const, text }] });

const who = () => currentAttestation()?.subject ?? "nobody";

/** A place that belongs to no request, whoever's request comes here. */
const outside = new AsyncResource("outside");

export interface WitnessOptions {
  readonly verifier: AttestationVerifier;
  readonly clock: FixedClock;
  /** Told of every message that reaches the server and of every handler that runs. */
  readonly saw: (what: string) => void;
}

/** A server of one session that tells all that it hears and runs, and whose clock a tool of its own moves. */
export function createWitnessServer({ verifier, clock, saw }: WitnessOptions): AttestingServer {
  const server = createAttestingServer("witness", verifier, { onUnattested: () => undefined });
  const run = (name: string) => async () => {
    saw(`ran ${name}`);
    return say(who());
  };
  const guard = (name: string, requirement: Parameters<typeof requireAttestation>[0]) =>
    server.registerTool(name, {}, requireAttestation(requirement, run(name)));

  server.registerTool("open", {}, run("open"));
  guard("vouched", {});
  guard("provider-only", { trustLevel: "provider" });
  guard("check-rejects", { check: () => Promise.reject(new Error("the directory is down")) });
  guard("check-throws", {
    check: () => {
      throw new Error("a bug of the user's");
    },
  });
  server.registerTool("unknown-level", {}, async () => {
    try {
      const root = "root" as TrustLevel;
      return await requireAttestation({ trustLevel: root }, run("unknown-level"))();
    } catch (error) {
      return say(error instanceof TypeError ? "TypeError" : String(error));
    }
  });
  server.registerTool("outside", {}, async () => {
    const guarded = requireAttestation({}, run("outside"));
    try {
      return await outside.runInAsyncScope(guarded);
    } catch (error) {
      return say(isAttestationError(error) ? `denied ${error.code}` : String(error));
    }
  });
  const { promise: goingOn, resolve: goOn } = Promise.withResolvers<void>();
  server.registerTool("wait", {}, async ({ signal }) => {
    saw("ran wait");
    await goingOn;
    return say(signal.aborted ? "cancelled" : who());
  });
  guard("slowly-checked", {
    check: async () => {
      saw("checks");
      await goingOn;
      return true;
    },
  });
  server.registerTool("go-on", {}, async () => {
    goOn();
    return say("gone on");
  });
  server.registerTool("mark", {}, run("mark"));
  server.registerTool("advance", { inputSchema: { seconds: z.number() } }, async ({ seconds }) => {
    clock.advance(seconds);
    return say("later");
  });

  const connect = server.connect.bind(server);
  server.connect = (transport) => {
    // A handler that is set before `connect` moves behind the gate, so it hears what the server hears.
    transport.onmessage = (message) => saw(`heard ${"method" in message ? message.method : "an answer"}`);
    return connect(transport);
  };
  return server;
}
