import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/** Runs a program in a process of its own: which backend is used is a choice for a whole process. */
function run(program: string): string {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  return execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd,
    encoding: "utf8",
  });
}

describe("@attest/core/sodium", () => {
  test("signs and verifies with libsodium from its import on, with the same signatures", () => {
    const output = run(`
      import { KeyPair } from "@attest/core";
      import { mock } from "node:test";
      import sodium from "sodium-native";
      const node = KeyPair.generate("k");
      await import("@attest/core/sodium");
      const verify = mock.method(sodium, "crypto_sign_verify_detached");
      const same = KeyPair.fromJwk(node.toPrivateJwk());
      const message = new TextEncoder().encode("message");
      const signature = same.sign(message);
      const answers = [
        Buffer.from(signature).equals(node.sign(message)),
        same.publicKey.verify(message, signature),
        node.publicKey.verify(message, signature),
        same.publicKey.verify(new Uint8Array(3), signature),
        verify.mock.callCount(),
      ];
      console.log(JSON.stringify(answers));
    `);
    expect(JSON.parse(output)).toEqual([true, true, true, false, 2]);
  });
});
