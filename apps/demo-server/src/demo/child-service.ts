import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const START_SECONDS = 10;
const STOP_SECONDS = 3;

/** A service that runs as a process of its own. */
export interface ChildService {
  readonly name: string;
  /** Address that it listens at, such as `http://127.0.0.1:4100`. */
  readonly origin: string;
  /** Whether it has ended without being told to. */
  readonly hasDied: () => boolean;
  stop(): Promise<void>;
}

/**
 * Starts a Node program and waits until it says where it listens.
 *
 * @param onLine is given every line that the program writes to stdout after that
 * @param args the program's arguments
 * @throws {Error} with what the program wrote to stderr, when it ends or stays silent instead.
 */
export async function startService(
  name: string,
  program: string,
  environment: Readonly<Record<string, string>>,
  onLine?: (line: string) => void,
  args: readonly string[] = [],
): Promise<ChildService> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let started = false;
  let stopping = false;
  // Its output before it listens says why it did not start. Later output is passed on.
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    if (started) process.stderr.write(chunk);
    else complaints += chunk;
  });
  const service = {
    name,
    hasDied: () => !stopping && hasExited(child),
    stop: async () => {
      stopping = true;
      await stop(child);
    },
  };
  const deadline = AbortSignal.timeout(START_SECONDS * 1000);
  const exited = once(child, "exit", { signal: deadline }).then(() => undefined);
  try {
    const origin = await Promise.race([originFrom(child, onLine), exited]);
    if (origin === undefined)
      throw new Error(`${name} did not start: ${complaints.trim() || "it ended without a word"}`);
    started = true;
    return { ...service, origin };
  } catch (error) {
    await service.stop();
    if (deadline.aborted)
      throw new Error(`${name} did not start within ${START_SECONDS} seconds`, { cause: error });
    throw error;
  } finally {
    exited.catch(() => undefined);
  }
}

/**
 * The address in `<name> listening on <origin>`, which some programs write to stderr; `undefined` when the program ends
 * without saying it.
 */
function originFrom(child: ChildProcess, onLine?: (line: string) => void): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { stdout, stderr } = child;
    if (!stdout || !stderr) return resolve(undefined);
    let hasOrigin = false;
    const read = (line: string) => {
      const [, origin] = / listening on (http:\S+)$/.exec(line) ?? [];
      if (hasOrigin || origin === undefined) return false;
      hasOrigin = true;
      resolve(origin);
      return true;
    };
    createInterface({ input: stderr }).on("line", read);
    const lines = createInterface({ input: stdout });
    lines.on("line", (line) => {
      if (!read(line) && hasOrigin) onLine?.(line);
    });
    lines.on("close", () => resolve(undefined));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasExited(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_SECONDS * 1000);
  await exited;
  clearTimeout(timer);
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
