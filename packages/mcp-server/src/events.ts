import type { AttestationErrorCode, TrustLevel } from "@attest/core";

/** Outcome of a call that was let through. A tool error is a result of `tools/call` that says `isError`. */
export type CallOutcome = "ok" | "tool_error" | "error" | "cancelled";

/** The agent of a session, verified; every member is `null` when the agent is not attested. */
interface EventAgent {
  readonly issuer: string | null;
  readonly subject: string | null;
  /** The model that was attested: `agent_identity.model_version`. */
  readonly model: string | null;
  /** The first 8 characters of the token's id. */
  readonly jti: string | null;
}

/** The object of a request. */
interface EventCall {
  /** The request's method, such as `tools/call`. */
  readonly method: string;
  /** The tool or prompt, by its name, or the resource, by its URI; `null` when the request names none. */
  readonly target: string | null;
}

/**
 * Events at the gate in front of an MCP server.
 *
 * Strings that come from a peer are escaped and cut, and errors are the chain of their messages, outermost first, so
 * that an event can be logged as JSON as it is. `session` numbers the sessions of this process from 1.
 */
export type GateEvent =
  /** A session begins. */
  | ({
      readonly type: "session_opened";
      readonly session: number;
      /** The name by which the client introduced itself. Nobody has verified it. */
      readonly client: string | null;
      readonly trustLevel: TrustLevel;
    } & EventAgent)
  /** A session goes on with a fresh token. */
  | ({ readonly type: "session_renewed"; readonly session: number } & EventAgent)
  /** A session is over. */
  | { readonly type: "session_ended"; readonly session: number; readonly durationSeconds: number }
  /** A session proceeds without a verified agent, which the policy `preferred` allows. */
  | {
      readonly type: "unattested";
      /** The reason; `null` when the verifier failed and nothing is known. */
      readonly code: AttestationErrorCode | null;
      readonly session: number;
      /** The name by which the client introduced itself. Nobody has verified it. */
      readonly client: string | null;
    }
  /** A call was refused: by a guard, or by the gate, because its session was not initialized yet. */
  | ({
      readonly type: "denied";
      readonly code: AttestationErrorCode;
      /** The exact reason: for the operator, never for the peer. */
      readonly detail: string | null;
      /** `null` when no session was open. */
      readonly session: number | null;
      /** The error that the requirement's own check threw. */
      readonly cause?: readonly string[];
    } & EventCall &
      EventAgent)
  /**
   * A call that was let through is over. Only recorded with the gate's option `recordCalls`. A call that a guard denies is
   * told of by `denied` alone.
   */
  | ({
      readonly type: "called";
      readonly outcome: CallOutcome;
      /** The JSON-RPC error code of the outcome `error`; `null` otherwise. */
      readonly code: number | null;
      readonly session: number | null;
      /** The name by which the client introduced itself. Nobody has verified it. */
      readonly client: string | null;
      readonly durationSeconds: number;
    } & EventCall &
      EventAgent)
  /** An HTTP request was refused before any server saw it, or a session was ended for what its client does. */
  | {
      readonly type: "http_refused";
      /** The status that the client gets. */
      readonly status: number;
      /** A fixed sentence. */
      readonly reason: string;
      /** `null` when the request belongs to no session. */
      readonly session: number | null;
    }
  /** Something that the gate depends on failed: the verifier, a callback, the transport. */
  | { readonly type: "gate_error"; readonly detail: string; readonly cause: readonly string[] };
