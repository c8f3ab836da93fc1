import type { RequestId } from "@attest/core/wire";
import type { Caller } from "../context/caller.js";
import type { GateSettings } from "./gate-options.js";
import type { HandedOver } from "./handed-over.js";
import type { Arrival } from "./link.js";
import type { Verdict } from "./verdict.js";

/** The gate around an admission, as far as that needs it. */
export interface AdmissionEnvironment {
  readonly settings: GateSettings;
  /** Returns how a message came, from what the transport handed over beside it. */
  readonly arrivalOf: (extra: unknown) => Arrival;
  /** Returns a verdict on a request that was given before the server existed, if there is one. */
  readonly handedOver: (id: RequestId) => HandedOver | undefined;
  /** Is told of each verdict, for the observer. */
  readonly judged: (verdict: Verdict) => void;
  /** Is told that the verifier asks for what cannot be had here. */
  readonly misconfigured: (detail: string) => void;
  /** Is told that the session goes on with a fresh token. */
  readonly renewed: (caller: Caller) => void;
}
