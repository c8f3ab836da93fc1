import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";
import { type ConformanceCheck, type ConformanceRun, runConformance } from "./conformance/run-conformance.ts";

const program = fileURLToPath(new URL("conformance/conformance-client.ts", import.meta.url));

function examine(...which: readonly string[]): Promise<ConformanceRun> {
  const command = `"${process.execPath}" "${program}"`;
  return runConformance("client", "--command", command, "--timeout", "180000", ...which);
}

/** A machine under load is late by itself; what a client can do wrong about the time is to come too early. */
function isOnlyLate({ id, details }: ConformanceCheck): boolean {
  return id === "client-sse-retry-timing" && Object(details).tooEarly === false;
}

describe.concurrent("MCP's conformance suite for clients", { timeout: 240_000 }, () => {
  test.for([
    ["initialize", 1],
    ["elicitation-sep1034-client-defaults", 5],
  ] as const)(
    "passes the attesting client in every check of %s, %i in all",
    async ([scenario, passed], { expect }) => {
      const run = await examine("--scenario", scenario);
      expect(run).toMatchObject({ exitCode: 0, scenarios: 1, passed, others: [] });
    },
  );

  test("passes the attesting client in the one check of tools_call, and sees its token", async ({
    expect,
  }) => {
    const { log, ...run } = await examine("--scenario", "tools_call");
    expect(run).toMatchObject({ exitCode: 0, scenarios: 1, passed: 1, others: [] });
    const initialize = log.find(({ details }) => Object(details).mcpMethod === "initialize");
    const experimental = { "security.attestation": { token: expect.any(String) } };
    expect(initialize?.details).toMatchObject({ body: { params: { capabilities: { experimental } } } });
  });

  test("passes the attesting client in every check of sse-retry, 3 in all", async ({ expect }) => {
    const { passed, others } = await examine("--scenario", "sse-retry");
    const late = others.filter(isOnlyLate);
    expect(passed + late.length).toBe(3);
    expect(others).toEqual(late);
  });

  test.for([
    ["auth", 14],
    ["backcompat", 2],
    ["draft", 3],
  ] as const)(
    "passes the attesting client in every scenario of the OAuth suite %s, %i in all",
    async ([suite, scenarios], { expect }) => {
      expect(await examine("--suite", suite)).toMatchObject({ exitCode: 0, scenarios, others: [] });
    },
  );
});
