/*
 * The subpath `@attest/mcp-client/available`: it imports no SDK, so it can be asked before the main entry is imported.
 * It works as an ES module, through `require()`, and in bundles, whose `import.meta` is empty in CommonJS.
 */

/** Whether `@modelcontextprotocol/sdk` can be resolved from where this package is installed. */
export const MCP_AVAILABLE: boolean = isResolvable("@modelcontextprotocol/sdk/client/index.js");

function isResolvable(specifier: string): boolean {
  const { resolve }: Partial<ImportMeta> = import.meta;
  try {
    // The two ways differ where NODE_PATH is set: it counts for `require`, and not for `import`.
    if (resolve === undefined) requireHere().resolve(specifier);
    else resolve(specifier);
    return true;
  } catch {
    return false;
  }
}

function requireHere(): NodeJS.Require {
  const { createRequire } = process.getBuiltinModule("node:module");
  return createRequire(typeof __filename === "string" ? __filename : `${process.cwd()}/`);
}
