import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export const API_KEY = "demo-agent-api-key";

export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The demo provider as its own process; killed when the test is over. */
export function spawnProvider(environment: Record<string, string> = {}): {
  readonly process: ChildProcessWithoutNullStreams;
  readonly exit: Promise<Exit>;
} {
  const child = spawn(process.execPath, [MAIN], { env: { PORT: "0", ...environment } });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const exit = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { process: child, exit };
}

/** The same once it listens, with its origin as its first line says it. */
export async function startProvider(environment: Record<string, string> = {}) {
  const { process: child, exit } = spawnProvider(environment);
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    exit.then(({ stderr }) => Promise.reject(new Error(`it did not start: ${stderr}`))),
  ])) as [string];
  const [, origin] = /^demo-provider listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line) ?? [];
  if (origin === undefined) throw new Error(`unexpected first line: ${line}`);
  return { origin, process: child, exit };
}

/** Asks for an attestation. */
export function attest(
  origin: string,
  body: unknown,
  headers: Record<string, string> = { authorization: `Bearer ${API_KEY}` },
): Promise<Response> {
  return fetch(`${origin}/v1/attestations`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}
