import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { sdkVersions } from "../../../../test-support/sdk-version.ts";
import packageJson from "../../package.json" with { type: "json" };
import { whichSdk } from "./which-sdk.ts";

const { newest, oldest } = sdkVersions(new URL("../../", import.meta.url));
const version = process.env["SDK"] === "oldest" ? oldest : newest;
const everywhere = { server: version, http: version, client: version, test: version };

describe("the SDK that these tests run on", () => {
  test("is the project's, for the package, its sibling and the tests themselves", async () => {
    expect(await whichSdk()).toEqual(everywhere);
  });

  test("is the same one in child processes", async () => {
    const client = new Client({ name: "asker", version: "1" });
    onTestFinished(() => client.close());
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [fileURLToPath(new URL("sdk-reporter.ts", import.meta.url))],
      }),
    );
    expect(JSON.parse(client.getInstructions() ?? "")).toEqual(everywhere);
  });

  test("is one end of the range that the package says it works with", () => {
    expect(packageJson.peerDependencies["@modelcontextprotocol/sdk"]).toBe(`^${oldest}`);
    expect(newest).not.toBe(oldest);
  });
});
