import type { AttestationErrorCode } from "@attest/core";

/** A token as events describe it: by its own claims, which the client does not verify, and never by the token itself. */
interface DescribedToken {
  /** The server that the token was asked for; `null` when the client was not told. */
  readonly audience: string | null;
  /** The first 8 characters of the token's id; `null` when the token cannot be read. */
  readonly jti: string | null;
  /** Seconds since the Unix epoch; `null` when the token cannot be read. */
  readonly expiresAt: number | null;
}

/** An event of a client's tokens and of its HTTP sessions. It survives JSON as it is. */
export type ClientEvent =
  /** The token source gave a token for a new connection. */
  | (DescribedToken & {
      readonly type: "token_fetched";
      /** The seconds that the token source took. */
      readonly durationSeconds: number;
    })
  /** The token source gave a fresh token in the course of a session. */
  | (DescribedToken & {
      readonly type: "token_renewed";
      readonly durationSeconds: number;
    })
  /** A server refused a token, or did not verify the agent for it. */
  | (DescribedToken & {
      readonly type: "token_refused";
      readonly by: "server";
      readonly code: AttestationErrorCode;
    })
  /** The token source gave no token. */
  | {
      readonly type: "token_refused";
      readonly by: "source";
      readonly audience: string | null;
      readonly durationSeconds: number;
      /** The messages of the source's error and of those behind it, outermost first. */
      readonly cause: readonly string[];
    }
  /** The server had forgotten the HTTP session, 404, and a new one goes on in its place. */
  | {
      readonly type: "session_reopened";
      readonly audience: string | null;
      /** The seconds from the 404 until the new session was ready. */
      readonly durationSeconds: number;
    }
  /** The server had forgotten the HTTP session, and no new one could be opened. The next request tries again. */
  | {
      readonly type: "session_lost";
      readonly audience: string | null;
      readonly durationSeconds: number;
      /** The messages of the error and of those behind it, outermost first. */
      readonly cause: readonly string[];
    };
