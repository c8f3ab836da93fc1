/** Operation whose cost is compared; it is repeated many times. */
export interface Contender {
  /** Makes ready, outside the measurement, what one round of `operations` needs. */
  readonly prepare?: (operations: number) => Promise<void> | void;
  readonly run: (operations: number) => Promise<void> | void;
}

/** The same thing without attestation and with it. */
export interface Pair {
  readonly name: string;
  readonly bare: Contender;
  readonly attested: Contender;
}

/** CPU time of one operation, all threads of the process together, in microseconds: medians of all rounds. */
export interface Cost {
  readonly name: string;
  readonly bare: number;
  readonly attested: number;
  /** The median of what each round's second contender took longer than its first. */
  readonly added: number;
}

/** Rounds that let the compiler settle, and are not counted. */
const WARM_UP = 5;

/** Measures pairs in turns, so that what else the machine does hits both of a pair alike. CPU time, not elapsed. */
export async function measure(
  pairs: readonly Pair[],
  { rounds, operations }: { readonly rounds: number; readonly operations: number },
): Promise<readonly Cost[]> {
  const samples = pairs.map(() => ({ bare: [] as number[], attested: [] as number[] }));
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [index, { bare, attested }] of pairs.entries()) {
      const times = { bare: 0, attested: 0 };
      for (const [turn, side] of shuffledTurns().entries()) {
        const time = await cpuTime(side === "bare" ? bare : attested, operations);
        if (turn > 0) times[side] += time / 2;
      }
      if (round < 0) continue;
      samples[index]?.bare.push(times.bare);
      samples[index]?.attested.push(times.attested);
    }
  }
  return pairs.map(({ name }, index) => {
    const { bare = [], attested = [] } = samples[index] ?? {};
    const added = attested.map((time, round) => time - (bare[round] ?? Number.NaN));
    return { name, bare: median(bare), attested: median(attested), added: median(added) };
  });
}

/**
 * A pair's turns in one round. The first is not counted: it finds what another pair has left to be collected. By
 * chance, because garbage is collected at regular intervals, and would else be collected at the cost of the same.
 */
function shuffledTurns(): readonly ("bare" | "attested")[] {
  const [one, other] =
    Math.random() < 0.5 ? (["bare", "attested"] as const) : (["attested", "bare"] as const);
  return [Math.random() < 0.5 ? one : other, one, other, other, one];
}

async function cpuTime({ prepare, run }: Contender, operations: number): Promise<number> {
  await prepare?.(operations);
  const before = process.cpuUsage();
  await run(operations);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / operations;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
