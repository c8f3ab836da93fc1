import { execFile } from "node:child_process";
import { promisify } from "node:util";

const exec = promisify(execFile);

/** Settings of npm and pnpm that belong to the machine; all others are those of the script that runs the tests. */
const OF_THE_MACHINE = /^npm_config_(registry|cache|userconfig|cafile|(https_?|no_?)?proxy)$/i;

const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|vitest|node_path$|node_env$|ci$)/i.test(name) || OF_THE_MACHINE.test(name),
  ),
);

/**
 * Runs a program in a folder, with an environment such as a user's shell has, and returns what it prints.
 *
 * @throws {Error} with all that the program said, if it fails.
 */
export async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await exec(program, [...args], { cwd, env, maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${program} ${args.join(" ").slice(0, 200)} failed:\n${stdout}${stderr}`, {
      cause: error,
    });
  }
}
