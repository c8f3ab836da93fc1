import { describe, expect, test } from "vitest";
import { AgentIntegrity, isIntegrityHash } from "../../src/identity/agent-integrity.js";

// FIPS 180-2, appendix B.1: SHA-256 of "abc".
const ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

describe("AgentIntegrity", () => {
  test("computes the hash of a text and of its UTF-8 bytes alike", () => {
    expect(AgentIntegrity.computeHash("abc")).toBe(ABC);
    expect(AgentIntegrity.computeHash(new TextEncoder().encode("abc"))).toBe(ABC);
    expect(AgentIntegrity.computeHash("é")).toBe(AgentIntegrity.computeHash(Uint8Array.of(0xc3, 0xa9)));
  });

  test("keeps the hashes it is given, and may be without either", () => {
    expect({ ...new AgentIntegrity({ configHash: ABC }) }).toEqual({
      configHash: ABC,
      systemPromptHash: undefined,
    });
    expect(new AgentIntegrity({ systemPromptHash: ABC }).systemPromptHash).toBe(ABC);
    expect(new AgentIntegrity().configHash).toBeUndefined();
  });

  test.each(["configHash", "systemPromptHash"])(
    "names a %s that is no hash, and does not show it",
    (member) => {
      const make = () => new AgentIntegrity({ [member]: "You are a secret prompt" });
      expect(make).toThrow(member);
      expect(make).not.toThrow(/secret/);
    },
  );
});

describe("isIntegrityHash", () => {
  test("wants sha256: and 64 hex digits, no fewer and no more", () => {
    expect(isIntegrityHash(ABC)).toBe(true);
    expect(isIntegrityHash(`sha256:${"A".repeat(64)}`)).toBe(true);
    for (const value of [
      `sha256:${"a".repeat(63)}`,
      `sha256:${"a".repeat(65)}`,
      `sha256:${"g".repeat(64)}`,
      `sha512:${"a".repeat(64)}`,
      "a".repeat(64),
      `${ABC}\n`,
      ` ${ABC}`,
      "",
      null,
      1,
    ]) {
      expect(isIntegrityHash(value)).toBe(false);
    }
  });
});
