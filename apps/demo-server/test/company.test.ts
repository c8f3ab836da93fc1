import { describe, expect, test } from "vitest";
import { demoProgram } from "./support/programs.ts";
import { runProgram } from "./support/run-program.ts";

/** The demo's processes start one after the other, each of them a Node. */
const TIMEOUT = 60_000;

describe("the demo of a company", () => {
  test("lets in the workload that the rule names, bound to its key, and says which rule or check stopped the others", {
    timeout: TIMEOUT,
  }, async () => {
    const { code, stdout, stderr } = await runProgram(demoProgram, { args: ["company"] });
    for (const row of [
      /^octo-org\/support .* got in \(enterprise\) +issuer, rule "support agent" +its attestation is bound to its own key$/m,
      /^mallory\/support .* no token \(invalid_grant\) +issuer, rule "support agent" +repository_owner_id is "9999999", and not "1234567"; repository_id is "8888888", and not "7654321"$/m,
      /^thief +presents .* refused \(1012\) +server, check "proof" +the token is bound to a key and comes without a proof$/m,
      /^thief +exchanges .* no token \(invalid_grant\) +issuer +an attestation is no subject token$/m,
    ]) {
      expect(stdout).toMatch(row);
    }
    expect(stdout).toContain("Only the workload that the rule names got in.");
    expect(stdout).not.toContain("eyJ");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test.each([
    [
      ["compnay"],
      /^demo: the one other demo is named company\nusage: npx -y pnpm@10\.34\.9 demo \[company \| --serve\]/,
    ],
    [["company", "--serve"], /^demo: --serve is for the demo with the attacks\n/],
  ])("does not start for %j, and says what there is", async (args, message) => {
    const { code, stdout, stderr } = await runProgram(demoProgram, { args });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(message);
  });
});
