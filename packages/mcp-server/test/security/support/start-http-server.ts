import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { VerificationPolicy } from "@attest/core";
import type { HttpSessionsOptions, StatelessHttpOptions } from "@attest/mcp-server/http";
import { onTestFinished } from "vitest";
import type { Issuer } from "../../support/agents.ts";
import type { ServerSettings } from "./http-server-process.ts";

export interface Usage {
  /** In the heap and outside of it, after a garbage collection. */
  readonly bytes: number;
  readonly sessions: number;
  /** How many servers were made. */
  readonly made: number;
  readonly errors: readonly string[];
}

interface StartOptions extends Partial<Omit<HttpSessionsOptions & StatelessHttpOptions, "limits">> {
  readonly limits?: HttpSessionsOptions["limits"] | StatelessHttpOptions["limits"];
  /** Whether each request stands alone. */
  readonly isStateless?: boolean;
  /** Node's own, beside those that are always given. */
  readonly flags?: readonly string[];
  readonly policy?: VerificationPolicy;
}

/** A server in a process of its own, that trusts `issuer`, until the test is over. */
export async function startServer(
  issuer: Issuer,
  { flags = [], policy = "required", isStateless = false, ...options }: StartOptions = {},
): Promise<{ url: URL; usage: () => Promise<Usage> }> {
  const settings = { jwk: issuer.keyPair.publicKey.toJwk(), policy, options, isStateless } as ServerSettings;
  const program = fileURLToPath(new URL("http-server-process.ts", import.meta.url));
  const child = fork(program, [JSON.stringify(settings)], { execArgv: ["--expose-gc", ...flags] });
  onTestFinished(() => void child.kill());
  const gone = once(child, "exit").then(([code, signal]) => {
    throw new Error(`the server's process ended: ${code ?? signal}`);
  });
  gone.catch(() => undefined);
  const told = async <T>() => {
    const [message] = await Promise.race([once(child, "message"), gone]);
    return message as T;
  };
  const { url } = await told<{ url: string }>();
  return {
    url: new URL(url),
    usage: () => {
      const usage = told<Usage>();
      child.send("usage");
      return usage;
    },
  };
}
