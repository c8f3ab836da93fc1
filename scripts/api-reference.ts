import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type PublicPackage, publicPackages, ROOT } from "./package-metadata.ts";

/*
 * `pnpm run api` writes the API reference, docs/api, from the doc comments; with --check it only says whether it is
 * stale. TypeDoc stands in a package of its own, beside the TypeScript that it needs: TypeScript 7 has no API for it.
 */
const TOOLS = join(import.meta.dirname, "api");
const REFERENCE = join(ROOT, "docs/api");

/** Entries that are not for users. */
const NOT_FOR_USERS = new Set(["./internal"]);

if (!existsSync(join(TOOLS, "node_modules/typedoc"))) {
  const args = ["install", "--ignore-workspace", "--frozen-lockfile", "--prefer-offline"];
  execFileSync("pnpm", args, { cwd: TOOLS, stdio: ["ignore", "ignore", "inherit"] });
}
if (process.argv.includes("--check")) {
  const fresh = mkdtempSync(join(tmpdir(), "attest-api-"));
  try {
    writeReference(fresh);
    const stale = differences(fresh, REFERENCE);
    if (stale.length > 0) {
      console.error(`docs/api is stale, run \`pnpm run api\`: ${stale.join(", ")}`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(fresh, { recursive: true });
  }
} else {
  rmSync(REFERENCE, { recursive: true, force: true });
  writeReference(REFERENCE);
}

function writeReference(destination: string): void {
  for (const { name, folder, manifest } of publicPackages()) {
    const config = join(TOOLS, `node_modules/.typedoc-${name}.json`);
    writeFileSync(config, JSON.stringify(optionsFor({ name, folder, manifest }, join(destination, name))));
    execFileSync(process.execPath, [join(TOOLS, "node_modules/typedoc/bin/typedoc"), "--options", config], {
      cwd: TOOLS,
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  const list = publicPackages().map(
    ({ name, manifest }) => `- [\`${manifest.name}\`](${name}/README.md): ${manifest["description"]}\n`,
  );
  writeFileSync(
    join(destination, "README.md"),
    `# API reference\n\nWritten from the doc comments by \`pnpm run api\`; do not edit.\n\n${list.join("")}`,
  );
}

/** Returns TypeDoc's options. They keep out all that changes without the API: dates, versions and line numbers. */
function optionsFor({ folder, manifest }: PublicPackage, out: string): object {
  return {
    name: manifest.name,
    entryPoints: Object.entries(manifest.exports ?? {})
      .filter(([entry, target]) => typeof target !== "string" && !NOT_FOR_USERS.has(entry))
      .map(([entry]) => join(folder, "src", `${entry === "." ? "index" : entry.slice(2)}.ts`)),
    tsconfig: join(folder, "tsconfig.json"),
    plugin: [join(TOOLS, "node_modules/typedoc-plugin-markdown/dist/index.js")],
    router: "module",
    out,
    readme: "none",
    disableSources: true,
    disableGit: true,
    hideGenerator: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    skipErrorChecking: true,
    logLevel: "Error",
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useHTMLAnchors: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    typeDeclarationFormat: "table",
    propertyMembersFormat: "table",
  };
}

/** Returns the files that are not the same in both folders. */
function differences(fresh: string, committed: string): readonly string[] {
  const filesIn = (folder: string) => globSync("**/*.md", { cwd: folder });
  const read = (folder: string, file: string) =>
    existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : undefined;
  return [...new Set([...filesIn(fresh), ...filesIn(committed)])]
    .filter((file) => read(fresh, file) !== read(committed, file))
    .map((file) => relative(ROOT, join(REFERENCE, file)))
    .sort();
}
