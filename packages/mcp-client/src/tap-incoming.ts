import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";

/**
 * Shows `look` every message that `transport` receives, before the client that sets `onmessage` later gets it.
 * What `look` answers `"withhold"` to the client does not get. In place, since some clients look at the object itself.
 *
 * @returns a way to hand the client a message after all
 */
export function tapIncoming(
  transport: Transport,
  look: (message: JSONRPCMessage) => "pass" | "withhold",
): (message: JSONRPCMessage) => void {
  let onmessage = transport.onmessage;
  const tapped: NonNullable<Transport["onmessage"]> = (message, extra) => {
    if (look(message) === "pass") onmessage?.(message, extra);
  };
  Object.defineProperty(transport, "onmessage", {
    configurable: true,
    enumerable: true,
    // Transports look whether somebody listens before they hand over what came early.
    get: () => (onmessage === undefined ? undefined : tapped),
    set: (listener: Transport["onmessage"]) => {
      onmessage = listener;
    },
  });
  return (message) => onmessage?.(message);
}
