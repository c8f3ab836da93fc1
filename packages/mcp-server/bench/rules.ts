import type { AttestationRequirement } from "@attest/mcp-server";
import { RuleTable } from "../dist/guard/rule-table.js";

/*
 * `pnpm --filter @attest/mcp-server bench:rules`: what a look-up in the rules costs, at 1, 100 and 10,000 of them. CPU
 * time per look-up, the median of rounds that take turns. Compare within one run: absolute times drift.
 */
const SIZES = [1, 100, 10_000];
const ROUNDS = 21;
const LOOK_UPS = 2_000;

const subjects: readonly {
  readonly name: string;
  readonly kind: "tools" | "resources";
  readonly rule: (index: number) => string;
  readonly asked: string;
}[] = [
  { name: "tool by its name", kind: "tools", rule: (index) => `tool-${index}`, asked: "tool-0" },
  { name: "tool by a pattern", kind: "tools", rule: (index) => `team-${index}-*`, asked: "team-0-read" },
  { name: "tool without a rule", kind: "tools", rule: (index) => `tool-${index}`, asked: "other" },
  {
    name: "resource by its URI",
    kind: "resources",
    rule: (index) => `db://host/${index}`,
    asked: "db://host/0",
  },
  {
    name: "resource by a pattern",
    kind: "resources",
    rule: (index) => `db://host-${index}/*`,
    asked: "db://host-0/row",
  },
  {
    name: "resource, escaped",
    kind: "resources",
    rule: (index) => `db://host-${index}/*`,
    asked: "db://host-0/a%20b",
  },
  {
    name: "resource without a rule",
    kind: "resources",
    rule: (index) => `db://host-${index}/*`,
    asked: "db://elsewhere/row",
  },
];

console.log(`Node ${process.version}; µs per look-up, medians of ${ROUNDS} rounds of ${LOOK_UPS}`);
console.log(`${"".padEnd(28)}${SIZES.map((size) => `${size} rules`.padStart(14)).join("")}`);
for (const { name, kind, rule, asked } of subjects) {
  const tables = SIZES.map((size) => {
    const rules: Record<string, AttestationRequirement> = {};
    for (let index = 0; index < size; index += 1) rules[rule(index)] = {};
    return new RuleTable({ [kind]: rules });
  });
  const costs: number[][] = SIZES.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, table] of tables.entries()) costs[index]?.push(costOf(table, kind, asked));
  }
  const cells = costs.map((each) => each.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0);
  console.log(`${name.padEnd(28)}${cells.map((cell) => cell.toFixed(2).padStart(14)).join("")}`);
}

/** The CPU time of one look-up, in microseconds. */
function costOf(table: RuleTable, kind: "tools" | "resources", asked: string): number {
  const before = process.cpuUsage();
  for (let left = LOOK_UPS; left > 0; left -= 1) table.requirementsFor(kind, asked);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / LOOK_UPS;
}
