import type { AttestationObserver } from "@attest/core";
import { reasonsOf } from "./reasons.js";

/** Writes every event to stdout as a line of JSON, with errors as the sentences they are made of. */
export const eventLog: AttestationObserver = {
  record(event) {
    const line = JSON.stringify(event, (_, value: unknown) =>
      value instanceof Error ? reasonsOf(value) : value,
    );
    console.log(line);
  },
};
