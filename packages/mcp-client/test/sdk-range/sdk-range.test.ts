import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { describe, expect, test } from "vitest";
import { sdkVersionOf, sdkVersions } from "../../../../test-support/sdk-version.ts";
import packageJson from "../../package.json" with { type: "json" };
import { AttestingClientSession } from "../../src/index.js";

const packageFolder = new URL("../../", import.meta.url);
const { newest, oldest } = sdkVersions(packageFolder);

describe("the SDK that these tests run on", () => {
  test("is the project's, for the package and the tests themselves", async () => {
    const version = process.env["SDK"] === "oldest" ? oldest : newest;
    for (const loaded of [Client, Object.getPrototypeOf(AttestingClientSession)]) {
      const inSdk = { file: "client/index.js", name: "Client", packageFolder };
      expect(await sdkVersionOf(loaded, inSdk)).toBe(version);
    }
  });

  test("is one end of the range that the package says it works with", () => {
    expect(packageJson.peerDependencies["@modelcontextprotocol/sdk"]).toBe(`^${oldest}`);
    expect(newest).not.toBe(oldest);
  });
});
