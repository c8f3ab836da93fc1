import type { IncomingMessage } from "node:http";

/*
 * A body that lies with Node's own request. To make a web stream of it, only to read that to its end, costs more than all
 * else that is done for a request here.
 */

const incomings = new WeakMap<Request, IncomingMessage>();
const readers = new WeakSet<object>();

/** Has `handler` be given requests whose body is left where it is. */
export function readNodeRequests(handler: object): void {
  readers.add(handler);
}

/** Whether `handler` reads such requests. */
export function readsNodeRequests(handler: object): boolean {
  return readers.has(handler);
}

/** Leaves the body of `request` with `incoming`. */
export function setIncoming(request: Request, incoming: IncomingMessage): Request {
  incomings.set(request, incoming);
  return request;
}

/** Returns Node's own request, where the body lies; `undefined` for a request that has its body itself. */
export function incomingOf(request: Request): IncomingMessage | undefined {
  return incomings.get(request);
}
