import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** One program in one file, with what went into it. */
export interface Bundle {
  readonly code: string;
  /** The files that ended up in it, relative to the package. */
  readonly inputs: readonly string[];
  /** Modules that it still loads when it runs. */
  readonly imports: readonly string[];
}

/** Bundles an ES module that imports the built package by its name, as a site or a Worker would. */
export async function bundle(source: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
    absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    logLevel: "silent",
  });
  const [file] = outputFiles;
  const [output] = Object.values(metafile.outputs);
  if (file === undefined || output === undefined) throw new Error("esbuild wrote nothing");
  return {
    code: file.text,
    inputs: Object.keys(output.inputs),
    imports: output.imports.map(({ path }) => path),
  };
}
