import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startService } from "../dist/demo/child-service.js";
import { blocks, compile, programIn } from "./support/page.ts";
import { providerProgram } from "./support/programs.ts";
import { runProgram } from "./support/run-program.ts";

const PROVIDER = "http://127.0.0.1:4100";
const app = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");

const program = (name: string) => programIn(readme, name);

// Inside the app, so that the packages resolve as a user's would.
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(`${app}readme-`);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the README's programs", () => {
  test("are short, compile under strict settings, and run as they are, but for the provider's port", async () => {
    const provider = await startService("demo-provider", providerProgram, { PORT: "0" });
    onTestFinished(() => provider.stop());
    for (const name of ["server.ts", "client.ts"]) {
      expect(program(name)).toContain(PROVIDER);
      expect(program(name).split("\n").length).toBeLessThanOrEqual(26);
      writeFileSync(`${folder}/${name}`, program(name).replaceAll(PROVIDER, provider.origin));
    }
    compile(["server.ts", "client.ts"].map((name) => `${folder}/${name}`));
    const run = await runProgram("client.ts", { cwd: folder });
    expect(run).toEqual({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^provider\n.*Hello, spiffe:\/\/provider\.example\/model\/demo-1-small/s),
    });
  });
});

describe("the packages' READMEs and the page on proxies", () => {
  test("hold code that compiles as it stands, under strict settings", () => {
    const pages = ["core", "mcp-server", "mcp-client"].map((name) => `packages/${name}/README.md`);
    const files = [...pages, "docs/behind-a-proxy.md"].flatMap((page) =>
      blocks(readFileSync(new URL(`../../../${page}`, import.meta.url), "utf8")).map((source, index) => {
        const file = `${folder}/${page.replaceAll(/\W/g, "-")}-${index}.ts`;
        writeFileSync(file, source);
        return file;
      }),
    );
    expect(files.length).toBeGreaterThanOrEqual(8);
    compile(files);
  });

  test("show how a server is tested, in a program that prints what it says", async () => {
    const page = readFileSync(new URL("../../../packages/mcp-server/README.md", import.meta.url), "utf8");
    const [source = ""] = blocks(page).filter((block) => block.includes("TestIssuer"));
    const [, promised] = /^console\.log\(content\); \/\/ (.+)$/m.exec(source) ?? [];
    writeFileSync(`${folder}/testing.ts`, source);
    const run = await runProgram("testing.ts", { cwd: folder });
    expect(run).toEqual({ code: 0, stderr: "", stdout: `${promised}\n` });
  });
});
