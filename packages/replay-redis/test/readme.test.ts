import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { RedisReplayCache } from "../src/index.js";
import { RedisServer } from "./support/redis-server.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(`${root}README.md`, "utf8");
const OPTIONS =
  "--noEmit --strict --module nodenext --target es2023 --types node --skipLibCheck --ignoreConfig";

const needsRedis = await needs(REDIS);

describe("the README", () => {
  test("holds code that compiles as it stands, under strict settings", () => {
    // Inside the package, so that imports resolve as a user's would.
    const folder = mkdtempSync(`${root}readme-`);
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const files = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, source = ""], index) => {
      const file = `${folder}/block-${index}.ts`;
      writeFileSync(file, source);
      return file;
    });
    expect(files.length).toBe(3);
    execFileSync("tsc", [...OPTIONS.split(" "), ...files], { cwd: root, stdio: "pipe" });
  });

  test.each(["", "/0", "/1"])(
    "names the rights that a user needs, with %j at the end of url",
    needsRedis,
    async (path) => {
      const server = await RedisServer.start();
      onTestFinished(() => server.stop());
      const [acl = "no ACL"] = /^ACL SETUSER attest .*$/m.exec(readme) ?? [];
      await server.command(...acl.split(" "));
      const url = `${server.url.replace("//", "//attest:password@")}${path}`;
      const cache = new RedisReplayCache({ url, fallbackEnabled: false, poolSize: 2 });
      onTestFinished(() => cache.close());
      await cache.connect();
      expect(await cache.checkAndAdd("id", Date.now() / 1000 + 60)).toBe(true);
      expect(await cache.exists("id")).toBe(true);
      expect(await cache.count()).toBe(1);
      await cache.clear();
      expect(await cache.count()).toBe(0);
      expect(cache.getHealthStatus()).toMatchObject({ state: "healthy", eviction: "none" });
      expect(await server.command("ACL", "LOG")).toEqual([]);
    },
  );
});
