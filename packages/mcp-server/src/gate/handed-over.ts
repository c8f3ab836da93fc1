import type { RequestId } from "@attest/core/wire";
import type { TransportLike } from "./link.js";
import type { Verdict } from "./verdict.js";

/** A verdict on an `initialize` that an outer gate has given already. */
interface HandedOver {
  readonly id: RequestId;
  readonly verdict: Verdict;
}

const verdicts = new WeakMap<TransportLike, HandedOver>();

/** Leaves the verdict on the `initialize` that comes over `transport` next for the gate that will be put there. */
export function handOver(transport: TransportLike, handedOver: HandedOver): void {
  verdicts.set(transport, handedOver);
}

/** Returns the verdict on the `initialize` with this id, once: to judge again would use the token up twice. */
export function takeOver(transport: TransportLike, id: RequestId): Verdict | undefined {
  const handedOver = verdicts.get(transport);
  if (handedOver?.id !== id) return undefined;
  verdicts.delete(transport);
  return handedOver.verdict;
}
