import { describe, expect, test } from "vitest";
import { KeyPair } from "../../src/keys/key-pair.js";
import { type ProofSettings, signProof } from "../../src/proof/sign-proof.js";
import { type ConfirmationOptions, verifyConfirmation } from "../../src/proof/verify-confirmation.js";
import { FixedClock } from "../../src/testing.js";
import { NOW } from "../support/attested.js";
import { refusing } from "../support/context.js";

const key = KeyPair.generate();
const clock = new FixedClock(NOW);
const OCCASION = {
  token: "platform.token.here",
  audience: "https://attest.corp.example",
  url: "https://attest.corp.example/token",
  request: { method: "token", params: { audience: "https://mcp.corp.example" } },
  clock,
};

async function confirmed(
  overrides: Partial<ConfirmationOptions> = {},
  proven: Partial<ProofSettings> = {},
): Promise<ReturnType<typeof verifyConfirmation>> {
  const unset = { nonce: undefined, accessToken: undefined };
  const { proof } = await signProof({ key, ...OCCASION, ...unset, ...proven });
  return verifyConfirmation({ proof, confirmationKey: key.publicKey.toJwk(), ...OCCASION, ...overrides });
}

describe("verifyConfirmation", () => {
  test("returns the key, and what to burn until nobody accepts the proof any more", async () => {
    const { key: proven, use } = await confirmed();
    expect(proven.thumbprint()).toBe(key.publicKey.thumbprint());
    expect(use).toEqual({ id: expect.stringContaining(key.publicKey.thumbprint()), until: NOW + 90 });
  });

  test("takes the query of the endpoint for nothing", async () => {
    await expect(confirmed({ url: `${OCCASION.url}?trace=1` })).resolves.toBeDefined();
  });

  test.each([
    ["another issuer", { audience: "https://other.example" }],
    ["another endpoint", { url: "https://attest.corp.example/other" }],
    ["another token", { token: "another.platform.token" }],
    ["another request", { request: { method: "token", params: { audience: "https://evil.example" } } }],
    ["another key", { confirmationKey: KeyPair.generate().publicKey.toJwk() }],
    ["a private key", { confirmationKey: key.toPrivateJwk() }],
    ["a key of small order", { confirmationKey: { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) } as const }],
    ["no key", { confirmationKey: undefined as never }],
    ["no proof", { proof: undefined as never }],
    ["the end of its minute", { clock: new FixedClock(NOW + 90) }],
    ["a clock that is too far behind", { clock: new FixedClock(NOW - 31) }],
  ])("refuses, 1012, %s", async (_, overrides) => {
    await expect(confirmed(overrides)).rejects.toEqual(refusing(1012));
  });

  test.each([
    ["just before the end of its minute", NOW + 89.9],
    ["a clock that is a little behind", NOW - 30],
  ])("accepts %s", async (_, now) => {
    await expect(confirmed({ clock: new FixedClock(now) })).resolves.toBeDefined();
  });

  test("refuses a proof without a URL", async () => {
    await expect(confirmed({}, { url: undefined as never })).rejects.toEqual(refusing(1012));
  });

  test("throws a TypeError for what the issuer itself got wrong", async () => {
    await expect(confirmed({ url: "/token" })).rejects.toThrow(/url must be an http or https URL/);
    await expect(confirmed({ audience: "" })).rejects.toThrow(/audience must be a non-empty string/);
    await expect(confirmed({ request: {} as never })).rejects.toThrow(/request must be a request/);
  });
});
