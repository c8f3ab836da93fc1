import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { REDIS_AVAILABLE } from "../src/index.js";

const folderOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Runs a program where this package is installed and `redis` is not. */
function runWithoutRedis(program: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), "attest-no-redis-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const modules = join(folder, "node_modules/@attest");
  mkdirSync(modules, { recursive: true });
  cpSync(folderOf("../dist"), join(modules, "replay-redis/dist"), { recursive: true });
  cpSync(folderOf("../package.json"), join(modules, "replay-redis/package.json"));
  symlinkSync(folderOf("../../core"), join(modules, "core"));
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: folder });
  return JSON.parse(output.toString());
}

describe("REDIS_AVAILABLE", () => {
  test("is true where the redis package is installed", () => {
    expect(REDIS_AVAILABLE).toBe(true);
  });

  test("is false where it is not; the package can be imported, and says what is missing when it is used", () => {
    expect(
      runWithoutRedis(`
        import { REDIS_AVAILABLE, RedisReplayCache } from "@attest/replay-redis";
        const cache = new RedisReplayCache();
        const connecting = await cache.connect().catch((error) => error.message);
        const checking = await cache.checkAndAdd("id", Date.now() / 1000 + 60).catch((error) => error);
        console.log(JSON.stringify({ REDIS_AVAILABLE, connecting, code: checking.code, cause: checking.cause.message }));
      `),
    ).toEqual({
      REDIS_AVAILABLE: false,
      connecting: expect.stringContaining("npm install redis"),
      code: 1011,
      cause: expect.stringContaining("npm install redis"),
    });
  });
});
