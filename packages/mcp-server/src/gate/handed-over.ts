import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { Verdict } from "./verdict.js";

/** A verdict on the `initialize` with this id. */
export interface HandedOver {
  readonly id: RequestId;
  readonly verdict: Verdict;
}

const handedOver = new WeakMap<Transport, HandedOver>();

/**
 * Hands a verdict to the gate that will stand behind `transport`. Whoever decides on `initialize` before a server exists
 * has asked the verifier already, and a second time the replay cache would refuse the same token.
 */
export function handOver(transport: Transport, verdict: HandedOver): void {
  handedOver.set(transport, verdict);
}

/** Takes the verdict on the `initialize` with this id, once; `undefined` when none was handed over. */
export function takeOver(transport: Transport, id: RequestId): Verdict | undefined {
  const found = handedOver.get(transport);
  if (found === undefined || found.id !== id) return undefined;
  handedOver.delete(transport);
  return found.verdict;
}
