import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Report } from "./report.js";

const RUN_SECONDS = 30;

/**
 * Runs a workload as a process of its own, to its end.
 *
 * @param program file beside this one, such as `workload`
 * @throws {Error} with what it wrote to stderr, when it fails.
 */
export async function runWorkload(
  program: "workload" | "thief",
  environment: Readonly<Record<string, string>>,
): Promise<Report> {
  const file = fileURLToPath(new URL(`${program}.js`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    env: { PATH: process.env["PATH"], ...environment },
    timeout: RUN_SECONDS * 1000,
    killSignal: "SIGKILL",
  });
  return JSON.parse(stdout) as Report;
}
