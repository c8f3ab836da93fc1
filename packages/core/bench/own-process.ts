import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Contender, type Measured, measure } from "./measure.ts";
import { PROVEN } from "./proof.ts";
import { SIGNERS } from "./sign.ts";
import { VERIFIERS } from "./verify.ts";

export const TABLES = { verify: VERIFIERS, sign: SIGNERS, bound: PROVEN } as const;

/**
 * Measures these contenders of `table` in a process of their own, beside the raw operation. What else ran before would
 * have trained the compiler, or changed the backend of the keys.
 */
export function measureInOwnProcess(
  table: keyof typeof TABLES,
  names: readonly string[],
): readonly Measured[] {
  const program = fileURLToPath(import.meta.url);
  return JSON.parse(execFileSync(process.execPath, [program, table, ...names]).toString()) as Measured[];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [table, ...names] = process.argv.slice(2);
  const makers = Object.entries(TABLES).find(([name]) => name === table)?.[1] ?? TABLES.verify;
  const contenders: Contender[] = [];
  for (const name of ["raw", ...names]) {
    const maker = makers[name];
    if (maker === undefined) throw new Error(`there is no contender "${name}"`);
    contenders.push(await maker());
  }
  console.log(JSON.stringify(await measure(contenders)));
}
