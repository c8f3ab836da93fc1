import { membersOf } from "@attest/core/internal";

/**
 * Returns the OAuth access token in `authInfo`, as the MCP SDK's `requireBearerAuth` leaves it once the token is validated;
 * `undefined` where there is none.
 */
export function accessTokenOf(authInfo: unknown): string | undefined {
  const { token } = membersOf(authInfo);
  return typeof token === "string" ? token : undefined;
}
