import { benchSize } from "../../../test-support/bench-size.ts";
import { benchReplayCache } from "./replay-cache.ts";
import { benchSign, benchSodiumSign } from "./sign.ts";
import { benchVerify } from "./verify.ts";

/*
 * `pnpm --filter @attest/core bench`. CPU time per operation, medians of 21 interleaved rounds. Compare the
 * ratios within one run: absolute times drift with the machine.
 */
console.log(`Node ${process.version}, ${process.platform} ${process.arch}`);
await benchSign();
await benchVerify();
await benchSodiumSign();
console.log("\nInMemoryReplayCache, checkAndAdd");
for (const size of benchSize([1e5, 1e6, 5e6], [1e4])) await benchReplayCache(size);
