import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface ProgramRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** The file that a command of an installed package runs, by the URL of the package's `package.json`. */
export function commandOf(packageJson: string, command: string): string {
  const { bin } = JSON.parse(readFileSync(new URL(packageJson), "utf8")) as {
    readonly bin: Readonly<Record<string, string>>;
  };
  const file = bin[command];
  if (file === undefined) throw new Error(`${packageJson} has no command ${command}`);
  return fileURLToPath(new URL(file, packageJson));
}

/** Runs a Node program to its end, on the Node that runs the tests. */
export function runProgram(
  file: string,
  args: readonly string[],
  { env = {} }: ProgramOptions = {},
): Promise<ProgramRun> {
  const options = { env: { ...process.env, NODE_NO_WARNINGS: "1", ...env }, timeout: 200_000 };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [file, ...args], options, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr });
    });
    // A program that reads its standard input would wait for its end for ever.
    child.stdin?.end();
  });
}
