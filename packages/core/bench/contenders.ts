import type { Contender } from "./measure.ts";
import { freshMessages, freshTokens, type SignedMessage } from "./subject.ts";

/** Returns a contender that performs `operation` on fresh tokens. */
export function onTokens(name: string, operation: (token: string) => unknown): Contender {
  return onFresh(name, freshTokens, operation);
}

/** Returns a contender that performs `operation` on fresh messages with their signatures. */
export function onMessages(name: string, operation: (signed: SignedMessage) => unknown): Contender {
  return onFresh(name, freshMessages, operation);
}

/** Returns a contender that performs `operation`, which makes something out of nothing. */
export function onNothing(name: string, operation: () => unknown): Contender {
  return onFresh(name, (count) => Array.from({ length: count }, () => undefined), operation);
}

/** Returns a contender that performs `operation` on what `prepare` makes. Waits for a promise before the next one begins. */
export function onFresh<Item>(
  name: string,
  prepare: (count: number) => Promise<readonly Item[]> | readonly Item[],
  operation: (item: Item) => unknown,
): Contender {
  let items: readonly Item[] = [];
  return {
    name,
    prepare: async (operations) => {
      items = await prepare(operations);
    },
    run: async () => {
      for (const item of items) {
        const result = operation(item);
        if (result instanceof Promise) await result;
      }
    },
  };
}
