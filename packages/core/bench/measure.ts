import { benchSize } from "../../../test-support/bench-size.ts";
/** Operation whose cost is compared. */
export interface Contender {
  readonly name: string;
  /** How many rounds go by for each one of this contender, where it costs much more than the others. Default: 1. */
  readonly oneIn?: number;
  /** Makes what one round consumes, such as fresh tokens. Not measured. */
  readonly prepare: (operations: number) => Promise<void> | void;
  /** Performs the operation once for everything that was prepared. */
  readonly run: () => Promise<void> | void;
}

export interface Measured {
  readonly name: string;
  /** CPU time of one operation in microseconds, all threads of the process together: the median of the rounds. */
  readonly microseconds: number;
  /** Cost of the first contender divided by the cost of this one, round by round: the median. Higher is faster. */
  readonly ofBaseline: number;
}

const WARM_UP_ROUNDS = 4;

/**
 * Measures contenders in one process, in turns, so that whatever else runs on the machine hits all of them alike. Each
 * round begins with another contender, so that none profits from its place in the order.
 */
export async function measure(
  contenders: readonly Contender[],
  {
    rounds = benchSize(61, 1),
    operations = benchSize(100, 10),
  }: { readonly rounds?: number; readonly operations?: number } = {},
): Promise<readonly Measured[]> {
  const samples = contenders.map((): number[] => []);
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (turn + round + WARM_UP_ROUNDS) % contenders.length;
      const contender = contenders[index];
      if (contender === undefined) continue;
      const count = Math.ceil(operations / (contender.oneIn ?? 1));
      await contender.prepare(count);
      const before = process.cpuUsage();
      await contender.run();
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) samples[index]?.push((user + system) / count);
    }
  }
  const [baseline = []] = samples;
  return contenders.map(({ name }, index) => {
    const costs = samples[index] ?? [];
    return {
      name,
      microseconds: median(costs),
      ofBaseline: median(costs.map((cost, round) => (baseline[round] ?? Number.NaN) / cost)),
    };
  });
}

/** Prints the cost of each contender and its ratio to the first one's. */
export function printRatios(title: string, measured: readonly Measured[]): void {
  console.log(`\n${title}`);
  for (const { name, microseconds, ofBaseline } of measured) {
    console.log(
      `  ${name.padEnd(52)} ${microseconds.toFixed(1).padStart(8)} µs   ${ofBaseline.toFixed(3)} of raw fresh`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
