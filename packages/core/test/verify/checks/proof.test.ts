import { describe, expect, test } from "vitest";
import { KeyPair } from "../../../src/keys/key-pair.js";
import { proofOfPossession } from "../../../src/verify/checks/proof.js";
import { refusing, runCheck } from "../../support/context.js";
import { forge, HEADER, PAYLOAD } from "../../support/forge.js";

const keyPair = KeyPair.generate("key-1");
const bound = forge(keyPair, HEADER, { ...PAYLOAD, cnf: { jwk: KeyPair.generate().publicKey.toJwk() } });

describe("proofOfPossession", () => {
  test("passes a token that is not bound to a key", async () => {
    await runCheck(proofOfPossession(), forge(keyPair));
  });

  test("refuses a bound token without a proof, 1012", async () => {
    await expect(runCheck(proofOfPossession(), bound)).rejects.toEqual(
      refusing(1012, "the token is bound to a key and comes without a proof"),
    );
  });

  test("refuses a bound token with something that is no proof, 1012", async () => {
    for (const proof of ["", "proof", bound]) {
      const presentation = { proof, request: { method: "initialize" } };
      await expect(runCheck(proofOfPossession(), bound, { presentation })).rejects.toEqual(refusing(1012));
    }
  });
});
