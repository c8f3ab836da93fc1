import { describe, expect, test } from "vitest";
import { currentBackend, useBackend } from "../../src/keys/current-backend.js";
import type { Ed25519Backend } from "../../src/keys/ed25519-backend.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import { bytesOf } from "../support/vectors.js";

const message = bytesOf("6869");

describe("useBackend", () => {
  test("puts a backend behind the keys that are made from then on, and no others", () => {
    const before = currentBackend();
    const signature = bytesOf("00".repeat(64));
    const backend: Ed25519Backend = { ...before, prepareSign: () => () => signature };
    const earlier = KeyPair.generate();
    useBackend(backend);
    try {
      expect(currentBackend()).toBe(backend);
      expect(KeyPair.generate().sign(message)).toBe(signature);
      expect(earlier.sign(message)).not.toEqual(signature);
    } finally {
      useBackend(before);
    }
  });
});
