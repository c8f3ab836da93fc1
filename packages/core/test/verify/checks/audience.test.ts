import { describe, expect, test } from "vitest";
import { KeyPair } from "../../../src/keys/key-pair.js";
import { type AudienceOptions, audience } from "../../../src/verify/checks/audience.js";
import { AUDIENCE } from "../../support/attested.js";
import { refusing, runCheck } from "../../support/context.js";
import { forge, HEADER, PAYLOAD } from "../../support/forge.js";

const keyPair = KeyPair.generate("key-1");
const meantFor = (aud: string | string[]): string => forge(keyPair, HEADER, { ...PAYLOAD, aud });

describe("audience", () => {
  test("passes a token that is meant for this server, alone or among others", async () => {
    await runCheck(audience({ audience: AUDIENCE }), meantFor(AUDIENCE));
    await runCheck(audience({ audience: AUDIENCE }), meantFor(["other", AUDIENCE]));
    await runCheck(audience({ audience: ["old name", AUDIENCE] }), meantFor(AUDIENCE));
  });

  test.each([
    "other",
    `${AUDIENCE}/`,
    AUDIENCE.toUpperCase(),
    `${AUDIENCE}.evil.com`,
    AUDIENCE.slice(0, -1),
    "",
  ])("refuses a token that is meant for %j, 1005", async (aud) => {
    await expect(runCheck(audience({ audience: AUDIENCE }), meantFor(aud))).rejects.toEqual(refusing(1005));
    await expect(runCheck(audience({ audience: [AUDIENCE] }), meantFor([aud, "x"]))).rejects.toEqual(
      refusing(1005),
    );
  });

  test("says for whom the token is meant", async () => {
    await expect(runCheck(audience({ audience: AUDIENCE }), meantFor(["a", "b\n"]))).rejects.toEqual(
      refusing(1005, "meant for a, b\\u000a"),
    );
  });

  test("passes any token when the server says that it has no audience", async () => {
    await runCheck(audience({ audience: null }), meantFor("other"));
  });

  test("is not made with an audience that is undefined, such as an unset variable of the environment", () => {
    const options = { audience: process.env["ATTEST_NO_SUCH_VARIABLE"] } as AudienceOptions;
    expect(() => audience(options)).toThrow("audience is present but undefined");
  });

  test("advertises the names that it accepts", () => {
    expect(audience({ audience: AUDIENCE }).advertises).toEqual({ audience: [AUDIENCE] });
    expect(audience({ audience: null }).advertises).toEqual({});
  });

  test("keeps the list it was given as it was then", async () => {
    const names = [AUDIENCE];
    const check = audience({ audience: names });
    names.push("other");
    await expect(runCheck(check, meantFor("other"))).rejects.toEqual(refusing(1005));
  });

  test.each([[""], [[]], [[""]], [[AUDIENCE, 1]], [1], [{}]])("names its option when it is %j", (value) => {
    const options = { audience: value } as AudienceOptions;
    expect(() => audience(options)).toThrow(TypeError);
    expect(() => audience(options)).toThrow(/^audience must be/);
  });
});
