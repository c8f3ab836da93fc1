import { expect, test } from "vitest";
import { surfaceOf } from "../../../test-support/surface.ts";

// `pnpm run surface` writes the list anew.
test("the package exports these names and no others", async () => {
  expect(await surfaceOf(new URL("..", import.meta.url))).toMatchInlineSnapshot(`
    {
      ".": {
        "types": [
          "CreateAttestingSessionOptions",
          "GetToken",
          "LocalTokenSource",
          "RemoteTokenSource",
          "SilentStatus",
          "TokenRequest",
          "TokenSource",
        ],
        "values": [
          "AttestationRejectedError",
          "AttestingClientSession",
          "MCP_AVAILABLE",
          "UnverifiedServerError",
          "attestTransport",
          "createAttestingSession",
        ],
      },
    }
  `);
});
