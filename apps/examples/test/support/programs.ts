import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished, vi } from "vitest";

/** Outcome of a program that has ended. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs until the test is over, and what it has said so far. */
export interface Running {
  readonly process: ChildProcessWithoutNullStreams;
  readonly said: () => string;
}

export const providerProgram: string = fileURLToPath(import.meta.resolve("@attest/demo-provider"));

export function example(name: string): string {
  return fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
}

/** Runs an example to its end. */
export async function run(
  name: string,
  { args = [], env = {} }: { args?: readonly string[]; env?: Record<string, string> } = {},
): Promise<Run> {
  const child = launch(example(name), args, env);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** Starts a program and waits until it has said what `until` matches, of which it returns the first group. */
export async function start(
  program: string,
  env: Record<string, string>,
  until: RegExp,
): Promise<Running & { readonly found: string }> {
  const child = launch(program, [], env);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
  }
  const found = await vi.waitFor(
    () => {
      const [, group] = until.exec(said) ?? [];
      if (group === undefined) throw new Error(`it has not said that yet, but: ${said}`);
      return group;
    },
    { timeout: 30_000, interval: 20 },
  );
  return { process: child, said: () => said, found };
}

/** The demo provider on a free port: where it listens, which is its name as an issuer too. */
export async function startProvider(trustDomain = "provider.example"): Promise<string> {
  const env = { PORT: "0", TRUST_DOMAIN: trustDomain };
  return (await start(providerProgram, env, / listening on (\S+)\n/)).found;
}

/** A token of the demo provider's, for agents that are tests. */
export async function tokenFrom(provider: string, audience: string | undefined): Promise<string> {
  const response = await fetch(`${provider}/v1/attestations`, {
    method: "POST",
    headers: { authorization: "Bearer demo-agent-api-key" },
    body: JSON.stringify({ audience }),
  });
  return ((await response.json()) as { readonly token: string }).token;
}

function launch(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): ChildProcessWithoutNullStreams {
  return launchProgram(process.execPath, [program, ...args], env);
}

/** Starts a program that runs until the test is over. */
export function launchProgram(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): ChildProcessWithoutNullStreams {
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"], NODE_NO_WARNINGS: "1", ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}
