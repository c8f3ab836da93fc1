import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** The names that a declaration file exports: those of values and types alike, and which of them are types only. */
function exportsOf(entry: string): { readonly values: readonly string[]; readonly types: readonly string[] } {
  const text = readFileSync(new URL(`../dist/${entry}.d.ts`, import.meta.url), "utf8");
  const [values, types]: [string[], string[]] = [[], []];
  for (const [, only, list = ""] of text.matchAll(/export (type )?\{([^}]*)\}/g)) {
    for (const name of list.split(",").map((each) => each.trim())) {
      if (name === "") continue;
      const isType = only !== undefined || name.startsWith("type ");
      (isType ? types : values).push(name.replace(/^type /, ""));
    }
  }
  for (const [, name = ""] of text.matchAll(/export declare (?:const|function|class) (\w+)/g))
    values.push(name);
  return { values: values.sort(), types: types.sort() };
}

describe("the public surface", () => {
  test("of @attest/mcp-client is these names", async () => {
    const { values, types } = exportsOf("index");
    expect(values).toEqual([
      "AttestationRejectedError",
      "AttestingClientSession",
      "MCP_AVAILABLE",
      "UnverifiedServerError",
      "adviceFor",
      "attestTransport",
      "createAttestingSession",
    ]);
    expect(types).toEqual([
      "ClientEvent",
      "CreateAttestingSessionOptions",
      "GetToken",
      "LocalTokenSource",
      "RemoteTokenSource",
      "SilentStatus",
      "TokenRequest",
      "TokenSource",
      "TransportLike",
    ]);
    expect(Object.keys(await import("../src/index.js")).sort()).toEqual(values);
  });

  test("of @attest/mcp-client/available is one", async () => {
    expect(exportsOf("available")).toEqual({ values: ["MCP_AVAILABLE"], types: [] });
    expect(Object.keys(await import("../src/available.js"))).toEqual(["MCP_AVAILABLE"]);
  });
});
