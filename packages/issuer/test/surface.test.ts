import { expect, test } from "vitest";
import { surfaceOf } from "../../../test-support/surface.ts";

// `pnpm run surface` writes the list anew.
test("the package exports these names and no others", async () => {
  expect(await surfaceOf(new URL("..", import.meta.url))).toMatchInlineSnapshot(`
    {
      ".": {
        "types": [
          "ExplainOptions",
          "Explanation",
          "Issuer",
          "IssuerEvent",
          "IssuerOptions",
          "PublishingSigner",
          "TrustPolicy",
        ],
        "values": [
          "TrustPolicyError",
          "createIssuer",
          "explain",
          "readTrustPolicy",
        ],
      },
    }
  `);
});
