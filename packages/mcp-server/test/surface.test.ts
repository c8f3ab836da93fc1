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
          "AttestingServerOptions",
          "BindTasksOptions",
          "CallOutcome",
          "CheckVerdict",
          "ConnectableServer",
          "CreateAttestingServerOptions",
          "GateEvent",
          "GateOptions",
          "OneOrMore",
          "Unattested",
        ],
        "values": [
          "AttestationDeniedError",
          "AttestingServer",
          "MCP_AVAILABLE",
          "SessionLifetime",
          "attestServer",
          "attestationOf",
          "bindTasks",
          "createAttestingServer",
          "currentAttestation",
          "requireAttestation",
        ],
      },
      "./available": {
        "types": [],
        "values": [
          "MCP_AVAILABLE",
        ],
      },
      "./http": {
        "types": [
          "CloseOptions",
          "HttpHostOptions",
          "HttpLimitsOptions",
          "HttpSessionInfo",
          "HttpSessionsOptions",
          "NodeHandlerOptions",
          "RequestExtra",
          "StatelessHttpOptions",
          "StatelessLimitsOptions",
          "WebHandler",
        ],
        "values": [
          "HttpSessions",
          "StatelessHttp",
          "toNodeHandler",
        ],
      },
    }
  `);
});
