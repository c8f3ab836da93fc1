import { expect, test } from "vitest";
import { surfaceOf } from "../../../test-support/surface.ts";

// `pnpm run surface` writes the list anew.
test("the package exports these names and no others", async () => {
  expect(await surfaceOf(new URL("..", import.meta.url))).toMatchInlineSnapshot(`
    {
      ".": {
        "types": [
          "AttestationContext",
          "AttestationRequirement",
          "AttestationRules",
          "Attested",
          "AttestedToolConfig",
          "AttestingServerOptions",
          "ConnectableServer",
          "CreateAttestingServerOptions",
          "GateEvent",
          "GateOptions",
          "Unattested",
        ],
        "values": [
          "AttestationDeniedError",
          "AttestingServer",
          "MCP_AVAILABLE",
          "SessionLifetime",
          "attestServer",
          "createAttestingServer",
          "currentAttestation",
          "requireAttestation",
        ],
      },
      "./http": {
        "types": [
          "HttpSessionsOptions",
          "WebHandler",
        ],
        "values": [
          "HttpSessions",
          "toNodeHandler",
        ],
      },
    }
  `);
});
