import { benchSize } from "../../../test-support/bench-size.ts";
/** Something whose cost is compared. */
export interface Contender {
  readonly name: string;
  /** Makes ready, outside the measurement, what one round needs: fresh tokens, say. */
  readonly prepare?: (operations: number) => Promise<void> | void;
  /** Does the thing `operations` times. */
  readonly run: (operations: number) => Promise<void> | void;
}

export interface Measured {
  readonly name: string;
  /** Median CPU time of one operation, all threads of the process together, in microseconds. */
  readonly microseconds: number;
}

/**
 * Measures contenders in one process, in turns, so that what else the machine does hits all alike. CPU time, not
 * elapsed time: threads a library uses count too.
 */
export async function measure(
  contenders: readonly Contender[],
  {
    rounds = benchSize(21, 1),
    operations = benchSize(200, 20),
  }: { readonly rounds?: number; readonly operations?: number } = {},
): Promise<readonly Measured[]> {
  const samples = contenders.map((): number[] => []);
  for (let round = -2; round < rounds; round++) {
    for (const [index, { prepare, run }] of contenders.entries()) {
      await prepare?.(operations);
      const before = process.cpuUsage();
      await run(operations);
      const { user, system } = process.cpuUsage(before);
      // The first two rounds let the compiler settle.
      if (round >= 0) samples[index]?.push((user + system) / operations);
    }
  }
  return contenders.map(({ name }, index) => ({ name, microseconds: median(samples[index] ?? []) }));
}

/** Prints each cost and its ratio to the first one's: higher is faster. */
export function printRatios(title: string, measured: readonly Measured[]): void {
  const [baseline] = measured;
  console.log(`\n${title}`);
  for (const { name, microseconds } of measured) {
    const ratio = (baseline?.microseconds ?? Number.NaN) / microseconds;
    console.log(
      `  ${name.padEnd(52)} ${microseconds.toFixed(1).padStart(8)} µs   ${ratio.toFixed(2)} of raw`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
