import { benchSize } from "../../../test-support/bench-size.ts";
import { printRatios } from "./measure.ts";
import { measureInOwnProcess, TABLES } from "./own-process.ts";
import { benchReplayCache } from "./replay-cache.ts";
import { freshTokens } from "./subject.ts";

/*
 * `pnpm --filter @attest/core bench`. With arguments only these parts: verify, sign, bound, replay. CPU time per operation,
 * medians of interleaved rounds. Compare the ratios within one run: absolute times drift with the machine.
 */
const SUBJECTS = {
  verify: "verify one fresh token",
  sign: "sign one token, make one proof",
  bound: "verify one request with a proof",
} as const;
const parts = process.argv.slice(2);

console.log(
  `Node ${process.version}, OpenSSL ${process.versions.openssl}, ${process.platform} ${process.arch}`,
);
const [sample = ""] = await freshTokens(1);
console.log(`a token of ${sample.length} bytes`);

for (const table of ["verify", "sign", "bound"] as const) {
  if (parts.length > 0 && !parts.includes(table)) continue;
  const names = Object.keys(TABLES[table]).filter((name) => name !== "raw");
  printRatios(`${SUBJECTS[table]}, all in one process`, measureInOwnProcess(table, names));
  printRatios(
    `${SUBJECTS[table]}, each in a process of its own`,
    names.flatMap((name) => measureInOwnProcess(table, [name]).slice(1)),
  );
}
if (parts.length === 0 || parts.includes("replay")) {
  console.log("\nInMemoryReplayCache, checkAndAdd");
  for (const size of benchSize([1e5, 1e6, 1e7], [1e4])) await benchReplayCache(size);
}
