import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { publicPackages, ROOT } from "./package-metadata.ts";

/** Import graph: from each name to the names that it imports. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** One `import` or `export … from` of a source file. */
interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
}

/** `from "…"`, `import "…"` and `import("…")`, as the formatter writes them. */
const IMPORT = /^(?:import|export)( type)?(?: ([\w\s{},*$]+) from)? "([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** Returns which packages of this repository each of the published ones imports in its sources. */
export function packageGraph(): Graph {
  const packages = publicPackages();
  return graphOf(
    packages.flatMap(({ folder, manifest: { name } }) =>
      sourcesOf(folder).flatMap((file) =>
        importsOf(join(folder, "src", file))
          .map(
            ({ specifier }) =>
              packages.find((other) => isWithin(other.manifest.name, specifier))?.manifest.name,
          )
          .flatMap((imported) =>
            imported === undefined || imported === name ? [] : [[name, imported] as const],
          ),
      ),
    ),
  );
}

/**
 * Returns which source files of a package import which others, by their paths within `src`.
 *
 * @param what all imports, or those that are left when types are erased
 * @throws {Error} if a relative import leads to no file.
 */
export function fileGraph(packageFolder: string, what: "all" | "values" = "all"): Graph {
  const source = join(packageFolder, "src");
  return graphOf(
    sourcesOf(packageFolder).flatMap((file) =>
      importsOf(join(source, file))
        .filter(({ specifier, isTypeOnly }) => specifier.startsWith(".") && (what === "all" || !isTypeOnly))
        .map(({ specifier }) => {
          const path = join(dirname(join(source, file)), specifier).replace(/\.js$/, ".ts");
          if (!existsSync(path)) throw new Error(`${file} imports ${specifier}, which is not there`);
          return [file, relative(source, path).replaceAll(sep, "/")] as const;
        }),
    ),
  );
}

/**
 * Returns which rooms of a package import which others. A room is a folder directly in `src` with all that is in it,
 * or a file directly in `src`, named without its ending. A folder's name has a slash at its end.
 */
export function roomGraph(packageFolder: string, what: "all" | "values" = "all"): Graph {
  const arrows = [...fileGraph(packageFolder, what)].flatMap(([file, imported]) =>
    [...imported].map((other) => [roomOf(file), roomOf(other)] as const),
  );
  return graphOf(arrows.filter(([room, other]) => room !== other));
}

/** Returns the graph without some of its arrows, each written as `from → to`. */
export function withoutArrows(graph: Graph, arrows: readonly string[]): Graph {
  return graphOf(arrowsOf(graph).filter(([from, to]) => !arrows.includes(`${from} → ${to}`)));
}

export function arrowsOf(graph: Graph): readonly (readonly [string, string])[] {
  return [...graph].flatMap(([from, imported]) => [...imported].map((to) => [from, to] as const));
}

/** Returns a circle in the graph, such as `["a", "b", "a"]`, or `undefined`. */
export function findCircle(graph: Graph): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const imported of graph.get(name) ?? []) {
      const circle = visit(imported, [...path, name]);
      if (circle !== undefined) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const circle = visit(name, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** Returns the paths of a package's source files within `src`, in order. */
export function sourcesOf(packageFolder: string): readonly string[] {
  return globSync("**/*.ts", { cwd: join(packageFolder, "src") })
    .map((file) => file.replaceAll(sep, "/"))
    .sort();
}

function importsOf(file: string): readonly Import[] {
  const code = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...code.matchAll(IMPORT)].map(([, type, names, named, dynamic]) => ({
    specifier: named ?? dynamic ?? "",
    isTypeOnly: type !== undefined || (names !== undefined && hasOnlyTypes(names)),
  }));
}

/** Whether `names`, such as `{ type A, type B }`, are all marked as types. */
function hasOnlyTypes(names: string): boolean {
  return names
    .replaceAll(/[{}]/g, "")
    .split(",")
    .filter((name) => name.trim() !== "")
    .every((name) => name.trim().startsWith("type "));
}

function roomOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/") + 1) : file.replace(/\.ts$/, "");
}

function isWithin(name: string, specifier: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`);
}

function graphOf(arrows: readonly (readonly [string, string])[]): Graph {
  const graph = new Map<string, Set<string>>();
  for (const [from, to] of arrows) graph.set(from, (graph.get(from) ?? new Set<string>()).add(to));
  return graph;
}

if (import.meta.main) {
  for (const { folder } of publicPackages()) {
    console.log(`\n${relative(ROOT, folder)}`);
    for (const [room, imported] of roomGraph(folder))
      console.log(`  ${room} → ${[...imported].sort().join(", ")}`);
  }
}
