import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandOf, runProgram } from "../support/run-program.ts";

export interface ConformanceCheck {
  readonly id: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "INFO" | "SKIPPED";
  readonly errorMessage?: string;
  readonly details?: unknown;
}

/** Findings of the suite. They are empty when it ran nothing. */
export interface ConformanceRun {
  /** 0 when the suite is content. */
  readonly exitCode: number;
  /** How many scenarios left checks, and passed all of them. */
  readonly scenarios: number;
  readonly passed: number;
  /** The checks that did not pass, warnings included. */
  readonly others: readonly ConformanceCheck[];
  /** Entries in which the suite records the messages on the wire. */
  readonly log: readonly ConformanceCheck[];
}

const conformance = commandOf(
  import.meta.resolve("@modelcontextprotocol/conformance/package.json"),
  "conformance",
);

/** Runs MCP's conformance suite, and reads the files that it leaves. */
export async function runConformance(...args: readonly string[]): Promise<ConformanceRun> {
  const folder = await mkdtemp(join(tmpdir(), "attest-conformance-"));
  try {
    const { exitCode } = await runProgram(conformance, [...args, "--output-dir", folder]);
    const files = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith("checks.json"));
    const scenarios = await Promise.all(files.map((path) => readChecks(join(folder, path))));
    const checks = scenarios.flat();
    return {
      exitCode,
      scenarios: scenarios.filter(isPassed).length,
      passed: checks.filter(({ status }) => status === "SUCCESS").length,
      others: checks.filter(isWanting),
      log: checks.filter(({ status }) => status === "INFO"),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readChecks(file: string): Promise<readonly ConformanceCheck[]> {
  return JSON.parse(await readFile(file, "utf8")) as readonly ConformanceCheck[];
}

function isPassed(checks: readonly ConformanceCheck[]): boolean {
  return checks.some(({ status }) => status === "SUCCESS") && !checks.some(isWanting);
}

function isWanting({ status }: ConformanceCheck): boolean {
  return status !== "SUCCESS" && status !== "INFO";
}
