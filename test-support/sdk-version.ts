import { readFileSync } from "node:fs";

/** Names under which a package has the newest SDK, and the oldest that its peer range lets in. */
const INSTALLED = ["@modelcontextprotocol/sdk", "sdk-oldest"];

/**
 * Returns the version of the MCP SDK that the class `loaded` comes from. The class is `name` in the SDK's file `file`,
 * such as `client/index.js`. It is told by the class itself, not by what its importer was to resolve.
 *
 * @param packageFolder the package that has both SDKs installed
 */
export async function sdkVersionOf(
  loaded: unknown,
  {
    file,
    name,
    packageFolder,
  }: { readonly file: string; readonly name: string; readonly packageFolder: URL },
): Promise<string> {
  for (const installed of INSTALLED) {
    const folder = new URL(`node_modules/${installed}/`, packageFolder);
    // By its path, which no alias and no hook changes.
    const module = (await import(new URL(`dist/esm/${file}`, folder).href)) as Readonly<
      Record<string, unknown>
    >;
    if (module[name] === loaded) return versionIn(folder);
  }
  return "neither the newest nor the oldest";
}

/** The versions that the package is tested on. */
export function sdkVersions(packageFolder: URL): { readonly newest: string; readonly oldest: string } {
  const [newest = "", oldest = ""] = INSTALLED.map((name) =>
    versionIn(new URL(`node_modules/${name}/`, packageFolder)),
  );
  return { newest, oldest };
}

function versionIn(folder: URL): string {
  return (JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as { readonly version: string })
    .version;
}
