import { spawn } from "node:child_process";
import { TokenSourceError } from "./token-source-error.js";

/** Longest output that is read, in bytes. */
const MAX_OUTPUT_BYTES = 65_536;

export interface RunOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly timeoutSeconds: number;
}

/**
 * Runs a program without a shell, and returns what it wrote to stdout.
 *
 * @param environment variables besides this process's own; `undefined` takes one away
 * @throws {TokenSourceError} when it does not start, fails, takes too long, or writes more than 64 KiB. The message holds
 *   nothing that it wrote, nor its arguments.
 */
export function runCommand(
  { command, args, timeoutSeconds }: RunOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "inherit"],
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    // A child of the child may hold stdout open, so nothing waits for its end here.
    function giveUp(reason: string, cause?: unknown): void {
      clearTimeout(timer);
      child.kill("SIGKILL");
      child.stdout.destroy();
      reject(new TokenSourceError(`command: the program ${reason}`, { cause }));
    }
    const timer = setTimeout(
      () => giveUp(`gave no token within ${timeoutSeconds} s, and was killed`),
      timeoutSeconds * 1000,
    );
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > MAX_OUTPUT_BYTES) giveUp(`wrote more than ${MAX_OUTPUT_BYTES} bytes, and was killed`);
      else chunks.push(chunk);
    });
    child.on("error", (cause: NodeJS.ErrnoException) =>
      giveUp(`cannot be run (${cause.code ?? "unknown error"}): check command, and PATH`),
    );
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(Buffer.concat(chunks).toString("utf8"));
      else giveUp(`ended with ${signal ?? `exit code ${code}`}: what it says about it is on stderr`);
    });
  });
}
