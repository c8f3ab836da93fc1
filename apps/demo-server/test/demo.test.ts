import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { demoProgram } from "./support/programs.ts";
import { runProgram } from "./support/run-program.ts";

async function takenPort(): Promise<string> {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void holder.close());
  return String((holder.address() as AddressInfo).port);
}

describe("the demo", async () => {
  test(
    "lets the honest agent in, refuses every attack with its code, and exits with 0",
    await needs(REDIS),
    async () => {
      const { code, stdout, stderr } = await runProgram(demoProgram);
      expect(stdout).toContain(
        '"mail restarted for spiffe://provider.example/model/demo-1-small" (trust level provider)',
      );
      for (const attack of [
        /^model spoofing .* 1003 +1003 +refused$/m,
        /^provenance forgery .* 1004 +1004 +refused$/m,
        /^replay .* 1006 +1006 +refused$/m,
        /^replay elsewhere .* 1006 +1006 +refused$/m,
        /^tampering .* 1003 +1003 +refused$/m,
        /^issuer look-alike .* 1004 +1004 +refused$/m,
        /^downgrade: stripped .* 1009 +1009 +refused$/m,
        /^downgrade: alg none .* 1008 +1008 +refused$/m,
        /^audience mismatch .* 1005 +1005 +refused$/m,
        /^safety downgrade .* 1003 +1003 +refused$/m,
        /^stolen token .* 1012 +1012 +refused$/m,
        /^stolen session id .* 1009 +1009 +refused$/m,
        /^replayed request .* 1006 +1006 +refused$/m,
        /^changed argument .* 1012 +1012 +refused$/m,
        /^proof for another server .* 1012 +1012 +refused$/m,
        /^proof from the future .* 1012 +1012 +refused$/m,
      ]) {
        expect(stdout).toMatch(attack);
      }
      expect(stdout).toContain("16 of 16 attacks refused");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    },
  );

  test("says what it left out where no Redis is installed, and runs the rest", async () => {
    const { code, stdout, stderr } = await runProgram(demoProgram, {
      env: { PATH: dirname(process.execPath) },
    });
    expect(stdout).toMatch(/^replay elsewhere .* 1006 +- +left out: no redis-server is installed$/m);
    expect(stdout).toContain("15 of 15 attacks refused");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test.each(["PROVIDER_PORT", "SERVER_PORT"])(
    "says in one line that %s is in use, exits with 1 and leaves nothing running",
    async (name) => {
      const env = { PROVIDER_PORT: "0", SERVER_PORT: "0", [name]: await takenPort() };
      const { code, stdout, stderr } = await runProgram(demoProgram, { args: ["--serve"], env });
      expect(code).toBe(1);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/^demo: .*PORT \d+ is in use; .*\n$/);
    },
  );

  test("takes its options behind a -- too, as package managers hand them on", async () => {
    const { code, stdout } = await runProgram(demoProgram, { args: ["--", "--help"] });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^usage: npx -y pnpm@\S+ demo/);
  });

  test("names an option it does not know and shows its usage", async () => {
    const { code, stderr } = await runProgram(demoProgram, { args: ["--sevre"] });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^demo: Unknown option '--sevre'.*\nusage: npx -y pnpm@\S+ demo/);
  });
});
