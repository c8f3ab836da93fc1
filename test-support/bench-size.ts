/** Whether a bench only shows that it runs: `BENCH_QUICK=1`. Its figures then mean nothing. */
const isQuick: boolean = process.env["BENCH_QUICK"] === "1";

/** Returns what a bench takes: `full`, or `quick` when it only shows that it runs. */
export function benchSize<T>(full: T, quick: T): T {
  return isQuick ? quick : full;
}
