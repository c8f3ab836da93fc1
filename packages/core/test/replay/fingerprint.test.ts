import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/replay/fingerprint.js";

const SEED = Uint32Array.of(1, 2, 3, 4);

function print(text: string, seed = SEED): string {
  const out = new Uint32Array(4);
  fingerprint(text, seed, out);
  return Buffer.from(out.buffer).toString("hex");
}

describe("fingerprint", () => {
  test("is MurmurHash3 x86_128 of the UTF-16 units, by the published test value of the empty input", () => {
    expect(print("", new Uint32Array(4))).toBe("00000000000000000000000000000000");
  });

  test("agrees for equal texts and differs with the seed", () => {
    expect(print("a token's id")).toBe(print(["a token", "'s id"].join("")));
    expect(print("a token's id")).not.toBe(print("a token's id", Uint32Array.of(1, 2, 3, 5)));
  });

  test("changes about half of its bits with any one character, wherever it stands", () => {
    const text = "b95b5868-f716-4a37-9827-6c22ba3e2e35\nhttps://api.example.com";
    const original = BigInt(`0x${print(text)}`);
    for (let index = 0; index < text.length; index++) {
      const other =
        text.slice(0, index) + String.fromCharCode(text.charCodeAt(index) ^ 1) + text.slice(index + 1);
      const changed = (original ^ BigInt(`0x${print(other)}`)).toString(2).replaceAll("0", "").length;
      expect(changed).toBeGreaterThan(30);
      expect(changed).toBeLessThan(98);
    }
  });

  test("tells texts apart that differ only in zeros at their end", () => {
    expect(new Set(["", "\0", "\0\0", "\0\0\0"].map((text) => print(text))).size).toBe(4);
  });

  test("gives 200,000 similar ids as many fingerprints", () => {
    const seen = new Set<string>();
    for (let index = 0; index < 200_000; index++) seen.add(print(`${index}-aaaaaaaa-${index}`));
    expect(seen.size).toBe(200_000);
  });
});
