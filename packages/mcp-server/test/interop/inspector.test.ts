import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AttestationError, AttestationErrorCode, type VerificationPolicy } from "@attest/core";
import { describe, type TestContext, test } from "vitest";
import { Issuer } from "../support/agents.ts";
import { createWeatherServer } from "../support/weather-server.ts";
import { commandOf, type ProgramRun, runProgram } from "./support/run-program.ts";
import { serve } from "./support/serve.ts";

const inspector = commandOf(
  import.meta.resolve("@modelcontextprotocol/inspector/package.json"),
  "mcp-inspector",
);
// The inspector shows an error's message and not its code; the sentence is the code's own.
const required = new AttestationError(AttestationErrorCode.ATTESTATION_REQUIRED).message;

/** Arguments by which the inspector reaches a weather server: an address, or a command and its environment. */
type Target = (policy: VerificationPolicy, context: TestContext) => Promise<readonly string[]>;

const http: Target = async (policy, { onTestFinished }) => {
  const verifier = new Issuer().verifier({ policy });
  const served = await serve(() => createWeatherServer(verifier), { verifier });
  onTestFinished(() => served.close());
  return [served.url.href, "--transport", "http"];
};

const stdio: Target = async (policy) => {
  const server = fileURLToPath(new URL("../support/stdio-server.ts", import.meta.url));
  const pem = new Issuer().keyPair.toPem();
  return [process.execPath, server, "-e", `ISSUER_PEM=${pem}`, "-e", `POLICY=${policy}`];
};

async function inspect(
  { onTestFinished }: TestContext,
  target: readonly string[],
  ...request: readonly string[]
): Promise<ProgramRun> {
  const home = await mkdtemp(join(tmpdir(), "attest-inspector-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return runProgram(inspector, ["--cli", ...target, "--format", "json", ...request], { env: { HOME: home } });
}

const sky = ["--method", "tools/call", "--tool-name", "sky"];
const forecast = ["--method", "tools/call", "--tool-name", "forecast", "--tool-arg", "city=Oslo"];
const refused = { exitCode: 1, stdout: "", stderr: { error: { message: required } } };

function parsed({ exitCode, stdout, stderr }: ProgramRun): unknown {
  return { exitCode, stdout: stdout && JSON.parse(stdout), stderr: stderr && JSON.parse(stderr) };
}

describe.concurrent.for([
  ["HTTP", http],
  ["stdio", stdio],
] as const)("MCP's inspector over %s", { timeout: 240_000 }, ([_name, target]) => {
  test.for(["legacy", "auto"])(
    "calls an open tool of a server whose policy is optional, negotiating the protocol as %s",
    async (era, context) => {
      const optional = await target("optional", context);
      const run = await inspect(context, optional, "--protocol-era", era, ...sky);
      context.expect(parsed(run)).toMatchObject({
        exitCode: 0,
        stdout: { result: { content: [{ type: "text", text: "blue" }] } },
      });
    },
  );

  test("lists the tools of a server whose policy is optional, and is refused, 1009, by a guard", async (context) => {
    const optional = await target("optional", context);
    const [list, call] = await Promise.all([
      inspect(context, optional, "--method", "tools/list"),
      inspect(context, optional, ...forecast),
    ]);
    context.expect(parsed(list)).toMatchObject({ exitCode: 0 });
    context.expect(list.stdout).toContain('"steer-clouds"');
    context.expect(parsed(call)).toMatchObject(refused);
  });

  test("is refused, 1009, by a server whose policy is required", async (context) => {
    const run = await inspect(context, await target("required", context), ...sky);
    context.expect(parsed(run)).toMatchObject(refused);
  });
});
