import { findOrInstall, howToGet, type NeededProgram } from "./find-program.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Why the test is left out on this machine, and how to have it. */
    leftOut?: string;
  }
}

/** Options of a test or of a suite. */
export interface NeedsProgram {
  readonly skip?: true;
  readonly meta?: { readonly leftOut: string };
}

/**
 * Returns the options of a test, or of a suite, that needs a program: where it can be neither found nor installed, the
 * test is left out, and `LeftOutReporter` says so at the end of the run.
 *
 * @throws {Error} in continuous integration, where nothing may be left out.
 */
export async function needs(program: NeededProgram): Promise<NeedsProgram> {
  if ((await findOrInstall(program)) !== undefined) return {};
  if (process.env["CI"] === "true") throw new Error(`nothing is left out under CI, and ${howToGet(program)}`);
  return { skip: true, meta: { leftOut: howToGet(program) } };
}
