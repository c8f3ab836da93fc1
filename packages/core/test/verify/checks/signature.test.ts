import { describe, expect, test } from "vitest";
import { AttestationError } from "../../../src/errors.js";
import { KeyPair } from "../../../src/keys/key-pair.js";
import type { KeyResolver } from "../../../src/ports.js";
import { signature } from "../../../src/verify/checks/signature.js";
import { ISSUER } from "../../support/attested.js";
import { refusing, runCheck } from "../../support/context.js";
import { forge } from "../../support/forge.js";

const keyPair = KeyPair.generate("key-1");
const token = forge(keyPair);

/** A resolver that answers as `getKey` does, whatever that returns. */
function resolving(getKey: (issuer: string, kid: string) => unknown): KeyResolver {
  return { getKey } as KeyResolver;
}

describe("signature", () => {
  test("asks for the issuer's key of that id, and passes a token signed by it", async () => {
    const asked: unknown[] = [];
    const keyResolver = resolving(async (...names) => {
      asked.push(names);
      return keyPair.publicKey;
    });
    await runCheck(signature({ keyResolver }), token);
    expect(asked).toEqual([[ISSUER, "key-1"]]);
  });

  test("refuses a token signed by another key, 1003", async () => {
    const keyResolver = resolving(async () => KeyPair.generate().publicKey);
    await expect(runCheck(signature({ keyResolver }), token)).rejects.toEqual(
      refusing(1003, 'not signed by the issuer\'s key "key-1"'),
    );
  });

  describe("when the key did not sign the token", () => {
    const stale = KeyPair.generate("key-1").publicKey;
    const refused = refusing(1003, 'not signed by the issuer\'s key "key-1"');

    /** Runs the check against a resolver that has the old key, and looks again as `refresh` does. */
    async function runRefreshing(refresh: (issuer: string, kid: string) => unknown, key = stale) {
      const asked: unknown[] = [];
      const keyResolver = {
        getKey: async () => key,
        refresh: (...names: [string, string]) => {
          asked.push(names);
          return refresh(...names);
        },
      } as KeyResolver;
      const outcome = await runCheck(signature({ keyResolver, keyTimeoutSeconds: 0.05 }), token).then(
        () => "passed",
        (error: unknown) => error,
      );
      return { outcome, asked };
    }

    test("asks the resolver to look again, and passes a token signed by the new key", async () => {
      expect(await runRefreshing(async () => keyPair.publicKey)).toEqual({
        outcome: "passed",
        asked: [[ISSUER, "key-1"]],
      });
    });

    test("does not ask for a token that the known key signed", async () => {
      expect(await runRefreshing(async () => stale, keyPair.publicKey)).toEqual({
        outcome: "passed",
        asked: [],
      });
    });

    test.each<[string, () => unknown]>([
      ["the same key", async () => stale],
      ["another wrong key", async () => KeyPair.generate().publicKey],
      ["no key", async () => undefined],
      ["something that is no key", async () => ({ verify: () => true })],
      ["a failure", () => Promise.reject(new Error("down"))],
      [
        "a failure at once",
        () => {
          throw new Error("down");
        },
      ],
      ["nothing in time", () => new Promise(() => undefined)],
    ])("refuses the token, 1003, when the second look brings %s", async (_, refresh) => {
      expect(await runRefreshing(refresh)).toEqual({ outcome: refused, asked: [[ISSUER, "key-1"]] });
    });
  });

  test("refuses a token whose key the issuer does not publish, 1003", async () => {
    const keyResolver = resolving(async () => undefined);
    await expect(runCheck(signature({ keyResolver }), token)).rejects.toEqual(
      refusing(1003, 'the issuer publishes no key "key-1"'),
    );
  });

  test("keeps the reason when the resolver fails, 1010", async () => {
    const outage = new Error("connection refused");
    for (const getKey of [
      () => Promise.reject(outage),
      () => {
        throw outage;
      },
    ]) {
      const check = signature({ keyResolver: resolving(getKey) });
      await expect(runCheck(check, token)).rejects.toEqual(
        expect.objectContaining({ code: 1010, detail: "the key resolver failed", cause: outage }),
      );
    }
  });

  test("passes on the code of a resolver that has one", async () => {
    const keyResolver = resolving(async () => {
      throw new AttestationError(1004);
    });
    await expect(runCheck(signature({ keyResolver }), token)).rejects.toEqual(refusing(1004));
  });

  test("waits for the resolver as long as it is told, and no longer, 1010", async () => {
    const slow = resolving(() => new Promise((resolve) => setTimeout(() => resolve(keyPair.publicKey), 30)));
    await runCheck(signature({ keyResolver: slow, keyTimeoutSeconds: 10 }), token);
    await expect(runCheck(signature({ keyResolver: slow, keyTimeoutSeconds: 0.001 }), token)).rejects.toEqual(
      refusing(1010, "the key resolver gave no answer within 0.001 seconds"),
    );
  });

  test.each([
    ["null", null],
    ["a string", "key"],
    ["a JWK", keyPair.toJwk()],
    ["a key pair", keyPair],
    ["something that says it verifies", { verify: () => true }],
    ["false", false],
  ])("refuses every token when the resolver returns %s, 1010", async (_, junk) => {
    const keyResolver = resolving(async () => junk);
    await expect(runCheck(signature({ keyResolver }), token)).rejects.toEqual(
      refusing(1010, "the key resolver returned something that is not an Ed25519PublicKey"),
    );
  });

  test("is not made without a resolver", () => {
    for (const keyResolver of [undefined, null, {}, { getKey: keyPair }]) {
      expect(() => signature({ keyResolver: keyResolver as unknown as KeyResolver })).toThrow(
        /^keyResolver /,
      );
    }
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, "30"])(
    "names keyTimeoutSeconds when it is %s",
    (seconds) => {
      const keyResolver = resolving(async () => undefined);
      expect(() => signature({ keyResolver, keyTimeoutSeconds: seconds as number })).toThrow(
        /^keyTimeoutSeconds /,
      );
    },
  );
});
