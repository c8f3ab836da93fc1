import { describe, expect, test } from "vitest";
import { PROTOCOL_CLAIMS } from "../../../src/constants.js";
import { KeyPair } from "../../../src/keys/key-pair.js";
import { requiredClaims } from "../../../src/verify/checks/claims.js";
import { refusing, runCheck } from "../../support/context.js";
import { forge, HEADER, PAYLOAD } from "../../support/forge.js";

const keyPair = KeyPair.generate("key-1");
const withClaims = (claims: object): string => forge(keyPair, HEADER, { ...PAYLOAD, ...claims });

describe("requiredClaims", () => {
  test("passes a token with the claims, and refuses one without, 1007", async () => {
    const check = requiredClaims(["nbf", "department"]);
    await runCheck(check, withClaims({ nbf: 0, department: "" }));
    await expect(runCheck(check, withClaims({ nbf: 0 }))).rejects.toEqual(refusing(1007));
    await expect(runCheck(check, withClaims({}))).rejects.toEqual(
      expect.objectContaining({ detail: "missing: nbf, department" }),
    );
  });

  test("takes a claim that is null for absent", async () => {
    const token = withClaims({ agent_integrity: null });
    await expect(runCheck(requiredClaims(["agent_integrity"]), token)).rejects.toEqual(refusing(1007));
  });

  test("finds no claim in an object's own members", async () => {
    for (const name of ["toString", "hasOwnProperty", "__proto__"]) {
      await expect(runCheck(requiredClaims([name]), withClaims({}))).rejects.toEqual(refusing(1007));
    }
  });

  test("requires nothing more by default", async () => {
    await runCheck(requiredClaims(), withClaims({}));
  });

  test("advertises the protocol's claims and its own, each once", () => {
    expect(requiredClaims(["department", "iss", "department"]).advertises?.requiredClaims).toEqual([
      ...PROTOCOL_CLAIMS,
      "department",
    ]);
  });

  test("says how a claim is called on the wire when it is named as here", () => {
    expect(() => requiredClaims(["department", "agentIntegrity"])).toThrow(
      '"agent_integrity" instead of "agentIntegrity"',
    );
  });

  test.each(["department", [1], null, {}])("names its option when it is %j", (names) => {
    expect(() => requiredClaims(names as readonly string[])).toThrow(/^requiredClaims must be/);
  });
});
