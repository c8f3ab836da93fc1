import type { RequestId } from "@attest/core/wire";
import type { TransportLike } from "./link.js";
import type { Verdict } from "./verdict.js";

/** A verdict on a request that was given before a server existed. */
export interface HandedOver {
  readonly id: RequestId;
  readonly verdict: Verdict;
  /** The number of the session that begins with it; `undefined` for a request that stands alone. */
  readonly session: number | undefined;
}

const handedOver = new WeakMap<TransportLike, HandedOver>();

/** Leaves a verdict for the gate that will stand behind `transport`. */
export function handOver(transport: TransportLike, verdict: HandedOver): void {
  handedOver.set(transport, verdict);
}

/**
 * Takes the verdict on the request with this id, once. To judge again would use the token up twice: the replay
 * cache would refuse it.
 */
export function takeOver(transport: TransportLike, id: RequestId): HandedOver | undefined {
  const found = handedOver.get(transport);
  if (found?.id !== id) return undefined;
  handedOver.delete(transport);
  return found;
}
