/*
 * The subpath `@attest/mcp-client/available`: it imports no SDK, so it can be asked before the main entry is imported.
 * It works as an ES module, through `require()` and in bundles, which have no `import.meta.url` in CommonJS.
 */

/** Whether `@modelcontextprotocol/sdk` can be resolved from where this package is installed. */
export const MCP_AVAILABLE: boolean = isResolvable("@modelcontextprotocol/sdk/client/index.js");

function isResolvable(specifier: string): boolean {
  try {
    const { createRequire } = globalThis.process.getBuiltinModule("node:module");
    createRequire(ownPath()).resolve(specifier);
    return true;
  } catch {
    return false;
  }
}

function ownPath(): string {
  const url: string | undefined = import.meta.url;
  if (url !== undefined && url !== "") return url;
  return typeof __filename === "string" ? __filename : `${process.cwd()}/`;
}
