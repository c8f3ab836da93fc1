import { expect, test } from "vitest";
import { surfaceOf } from "../../../test-support/surface.ts";

// `pnpm run surface` writes the list anew.
test("the package exports these names and no others", async () => {
  expect(await surfaceOf(new URL("..", import.meta.url))).toMatchInlineSnapshot(`
    {
      ".": {
        "types": [
          "ClientEvent",
          "Confirm",
          "ConfirmOptions",
          "CreateAttestingSessionOptions",
          "GetToken",
          "LocalTokenSource",
          "ProofKey",
          "RemoteTokenSource",
          "SilentStatus",
          "TokenRequest",
          "TokenSource",
          "TransportLike",
        ],
        "values": [
          "AttestationRejectedError",
          "AttestingClientSession",
          "MCP_AVAILABLE",
          "UnverifiedServerError",
          "adviceFor",
          "attestTransport",
          "createAttestingSession",
        ],
      },
      "./available": {
        "types": [],
        "values": [
          "MCP_AVAILABLE",
        ],
      },
      "./tokens": {
        "types": [
          "CommandOptions",
          "ExchangeOptions",
          "GitHubActionsOptions",
          "GitLabOptions",
          "KubernetesOptions",
          "SubjectTokenSource",
          "TokenCommand",
          "TokenSourceErrorOptions",
          "WorkloadOptions",
          "WorkloadTokenSource",
        ],
        "values": [
          "TokenSourceError",
          "WorkloadPlatform",
          "command",
          "exchange",
          "githubActions",
          "gitlab",
          "kubernetes",
          "workload",
        ],
      },
    }
  `);
});
