import type { Message } from "@attest/core/wire";
import type { TransportLike } from "./transport-like.js";

/** The fate of something that a transport tells its client. */
export type Passage = "pass" | "withhold";

type ListenerName = "onmessage" | "onerror" | "onclose";
/** A listener of any of these names: its parameters are handed on as they come. */
type Listener = (subject?: unknown, extra?: object) => void;

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
  look: (message: Message) => Passage,
): (message: Message) => void {
  return tap(transport, "onmessage", (message) => look(message as Message));
}

/** Does with the errors that a transport tells what {@link tapIncoming} does with messages. */
export function tapErrors(transport: TransportLike, look: (error: Error) => Passage): (error: Error) => void {
  return tap(transport, "onerror", (error) => look(error as Error));
}

/** Calls `onClose` when `transport` is closed, before the client is told. */
export function tapClosing(transport: TransportLike, onClose: () => void): void {
  tap(transport, "onclose", () => {
    onClose();
    return "pass";
  });
}

function tap(
  transport: TransportLike,
  name: ListenerName,
  look: (subject: unknown) => Passage,
): (subject: unknown) => void {
  /** The subject that listeners have now, and may hand on among themselves. */
  let passing: { readonly subject: unknown } | undefined;
  function pass(listener: Listener, subject: unknown, extra?: object): void {
    const before = passing;
    passing = { subject };
    try {
      listener.call(transport, subject, extra);
    } finally {
      passing = before;
    }
  }
  function tapped(listener: Listener | undefined): Listener | undefined {
    // Transports look whether somebody listens before they hand over a message that came early.
    if (listener === undefined && name === "onmessage") return undefined;
    return (subject, extra) => {
      const isHandedOn = passing !== undefined && passing.subject === subject;
      if ((isHandedOn || look(subject) === "pass") && listener !== undefined) pass(listener, subject, extra);
    };
  }

  const own = inheritedSetter(transport, name);
  let listener = transport[name] as Listener | undefined;
  let current = tapped(listener);
  Object.defineProperty(transport, name, {
    configurable: true,
    enumerable: true,
    get: () => current,
    set: (given: Listener | undefined) => {
      listener = given;
      current = tapped(given);
      own?.call(transport, current);
    },
  });
  own?.call(transport, current);
  return (subject) => {
    if (listener !== undefined) pass(listener, subject);
  };
}

/** Returns the setter of a transport that has a listener as an accessor of its class, such as a wrapper's. */
function inheritedSetter(
  transport: TransportLike,
  name: ListenerName,
): ((listener: Listener | undefined) => void) | undefined {
  for (let holder: object | null = transport; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, name);
    if (property !== undefined) return property.set;
  }
  return undefined;
}
