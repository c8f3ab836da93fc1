import { ask } from "./ask.js";
import { claim } from "./claim.js";
import type { RedisLink } from "./redis-link.js";
import type { Claim, UnwrittenIds } from "./unwritten-ids.js";

/** Commands under way at once. */
const BATCH = 512;

export interface WrittenBack {
  /** Claims that Redis did not have, or had from here. */
  readonly written: number;
  /** Claims of ids that another server had accepted too. */
  readonly conflicts: number;
}

/**
 * Brings Redis every claim that it may not have, until there is none left.
 *
 * @throws what Redis or the way to it fails with; what got through until then is not written again.
 */
export async function writeBack(
  link: RedisLink,
  unwritten: UnwrittenIds,
  { now, timeoutSeconds }: { readonly now: () => number; readonly timeoutSeconds: number },
): Promise<WrittenBack> {
  let written = 0;
  let conflicts = 0;
  const bring = async (each: Claim): Promise<void> => {
    if (each.expiresAt > now()) {
      const isOurs = await ask(link, timeoutSeconds, (client) => claim(client, each, now()));
      if (isOurs) written += 1;
      else conflicts += 1;
    }
    unwritten.delete(each);
  };
  while (unwritten.size > 0) {
    const results = await Promise.allSettled(unwritten.first(BATCH).map(bring));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
  return { written, conflicts };
}
