import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** The heap in use, in bytes, once everything is gone that can go. */
async function settledHeap(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    // Finalizers, and whatever else waits for a turn of the loop, let go of things between two collections.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const BLOCKS = 10;

/**
 * How many bytes of heap one run of `cycle` leaves behind for good: the median growth over blocks of `times / 10` runs,
 * after one block that warms up and is not counted. The first runs fill caches, and a single block may see anything.
 */
export async function heapGrowthPerCycle(times: number, cycle: () => Promise<void>): Promise<number> {
  const blockSize = times / BLOCKS;
  const growths: number[] = [];
  let before = 0;
  for (let block = 0; block <= BLOCKS; block++) {
    for (let run = 0; run < blockSize; run++) await cycle();
    const after = await settledHeap();
    if (block > 0) growths.push((after - before) / blockSize);
    before = after;
  }
  return median(growths);
}
