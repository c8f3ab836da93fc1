import { afterEach, expect, test, vi } from "vitest";
import { platformFetch } from "../../src/keys/platform-fetch.js";
import type { Platform } from "../../src/policy/trust-policy.js";

const made = vi.hoisted(() => ({
  options: [] as { isAllowedAddress(address: string): boolean; ca?: string }[],
}));
afterEach(() => {
  made.options.length = 0;
});

// Names of private networks resolve in those alone, so the rule that the connection is made by is asked itself.
vi.mock(import("@attest/jwks/internal"), async (importOriginal) => ({
  ...(await importOriginal()),
  createOutboundFetch: ((options: (typeof made.options)[number]) => {
    made.options.push(options);
    return async () => new Response("answer");
  }) as never,
}));

const PLATFORM = { allowPrivateNetwork: false, allowInsecure: false, ca: undefined } as Platform;

test.each([
  ["public addresses alone", {}, { "8.8.8.8": true, "10.0.0.1": false, "127.0.0.1": false }],
  [
    "those of a private network where the policy says so, and never the cloud's own",
    { allowPrivateNetwork: true },
    { "8.8.8.8": true, "10.0.0.1": true, "127.0.0.1": false, "169.254.169.254": false },
  ],
  [
    "this machine where the policy says so",
    { allowInsecure: "loopback" as const },
    { "8.8.8.8": true, "10.0.0.1": false, "127.0.0.1": true },
  ],
])("a platform is asked at %s, whatever its name resolves to", async (_where, settings, verdicts) => {
  const response = await platformFetch({ ...PLATFORM, ...settings })("https://idp.example/keys");
  expect(await response.text()).toBe("answer");
  const [options] = made.options;
  for (const [address, isAllowed] of Object.entries(verdicts))
    expect([address, options?.isAllowedAddress(address)]).toEqual([address, isAllowed]);
  expect(options?.ca).toBeUndefined();
});
