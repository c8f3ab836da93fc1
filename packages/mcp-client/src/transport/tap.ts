import type { Message } from "@attest/core/wire";
import type { MessageLike, TransportLike } from "./transport-like.js";

type Listener = NonNullable<TransportLike["onmessage"]>;

/**
 * Shows `look` every message that `transport` receives, before the client gets it. A message to which `look` answers
 * `"withhold"` the client does not get. The transport is changed in place, since some clients look at the object itself.
 *
 * Clients chain what they find: they read `onmessage` and call it from their own listener. A message is looked at once,
 * however many listeners hand it on.
 *
 * @returns a function that hands the client a message past `look`
 */
export function tapIncoming(
  transport: TransportLike,
  look: (message: Message) => "pass" | "withhold",
): (message: Message) => void {
  /** The message that listeners have now, and may hand on among themselves. */
  let passing: MessageLike | undefined;
  function pass(listener: Listener, message: MessageLike, extra?: object): void {
    const before = passing;
    passing = message;
    try {
      listener.call(transport, message, extra);
    } finally {
      passing = before;
    }
  }
  function tapped(listener: Listener): Listener {
    return (message, extra) => {
      if (message === passing || look(message as Message) === "pass") pass(listener, message, extra);
    };
  }

  const own = inheritedAccessor(transport);
  let listener = transport.onmessage;
  let tap = listener && tapped(listener);
  Object.defineProperty(transport, "onmessage", {
    configurable: true,
    enumerable: true,
    get: () => tap,
    set: (given: TransportLike["onmessage"]) => {
      listener = given;
      // Transports look whether somebody listens before they hand over what came early.
      tap = given && tapped(given);
      own?.call(transport, tap);
    },
  });
  own?.call(transport, tap);
  return (message) => {
    if (listener !== undefined) pass(listener, message);
  };
}

/** Returns the setter of a transport that has `onmessage` as an accessor of its class, such as a wrapper's. */
function inheritedAccessor(transport: TransportLike): ((listener: Listener | undefined) => void) | undefined {
  for (let holder: object | null = transport; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, "onmessage");
    if (property !== undefined) return property.set;
  }
  return undefined;
}
