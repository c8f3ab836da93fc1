import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The names that one entry of a package exports. */
export interface EntrySurface {
  /** The names that exist at run time; classes and constants are usually types too. */
  readonly values: readonly string[];
  /** The names that are types alone. */
  readonly types: readonly string[];
}

interface PackageExports {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

const run = promisify(execFile);

/**
 * Returns what each entry of a built package exports.
 *
 * The values are those that Node finds, in a process of its own: an entry may change what is loaded. The types are
 * read from the entry's declarations, line by line, since TypeScript 7 has no API for it. That is enough as long as
 * entries export by name, so `export *` and default exports are errors.
 *
 * @throws {Error} if the declarations promise other values than there are.
 */
export async function surfaceOf(packageFolder: URL): Promise<Readonly<Record<string, EntrySurface>>> {
  const manifest: PackageExports = JSON.parse(readFileSync(new URL("package.json", packageFolder), "utf8"));
  const surface: Record<string, EntrySurface> = {};
  for (const [entry, target] of Object.entries(manifest.exports)) {
    if (typeof target === "string") continue;
    const declared = namesDeclaredIn(readFileSync(new URL(target.types, packageFolder), "utf8"));
    const values = await valuesOf(manifest.name + entry.slice(1), packageFolder);
    if (values.join() !== declared.values.join())
      throw new Error(`${target.types} declares the values ${declared.values}; the entry has ${values}`);
    surface[entry] = declared;
  }
  return surface;
}

async function valuesOf(specifier: string, packageFolder: URL): Promise<readonly string[]> {
  const program = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)}))))`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: fileURLToPath(packageFolder),
  });
  return (JSON.parse(stdout) as string[]).sort();
}

function namesDeclaredIn(declarations: string): EntrySurface {
  const code = declarations.replaceAll(/\/\*[\s\S]*?\*\/|^\/\/.*$/gm, "");
  const unknown = /^export (?:\*|default|=).*/m.exec(code);
  if (unknown !== null) throw new Error(`An entry exports by name alone, not by \`${unknown[0]}\``);
  const values = new Set<string>();
  const types = new Set<string>();
  for (const [, allTypes, list = ""] of code.matchAll(/^export (type )?\{([^}]*)\}/gm)) {
    for (const item of list.split(",").map((text) => text.trim())) {
      const [, type, name] = /^(type )?(?:\w+ as )?(\w+)$/.exec(item) ?? [];
      if (name !== undefined) (allTypes === undefined && type === undefined ? values : types).add(name);
    }
  }
  for (const [, kind, name = ""] of code.matchAll(
    /^export (?:declare )?(?:abstract )?(const|let|function|class|enum|interface|type) (\w+)/gm,
  )) {
    (kind === "interface" || kind === "type" ? types : values).add(name);
  }
  return { values: [...values].sort(), types: [...types].filter((name) => !values.has(name)).sort() };
}
