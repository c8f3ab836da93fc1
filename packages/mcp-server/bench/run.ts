import { benchSize } from "../../../test-support/bench-size.ts";
import { type CreateLink, inMemory, loopbackHttp } from "./links.ts";
import { type Cost, measure, type Pair } from "./measure.ts";
import { calling, callingTwice, connecting, connectingAndVerifying } from "./pairs.ts";
import { attestedServers, bareServer } from "./servers.ts";

/*
 * `pnpm --filter @attest/mcp-server bench`: what attestation adds to MCP, client and server together, beside the SDK
 * alone. CPU time per operation, medians of interleaved rounds. Compare within one run: absolute times drift.
 */
const ROUNDS = benchSize(41, 1);
const OPERATIONS = benchSize(100, 10);

/** The part of a signature's verification that all the rest may add to it (design goal). */
const ALLOWED = 1.1;

const kinds: readonly (readonly [string, CreateLink])[] = [
  ["in memory", inMemory],
  ["over loopback HTTP", loopbackHttp],
];

console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}; ${ROUNDS} rounds of ${OPERATIONS}`,
);
for (const [name, link] of kinds) {
  const connections = { bare: await link(bareServer), attested: await link(attestedServers()) };
  const sessions = { bare: await link(bareServer), attested: await link(attestedServers()) };
  const pairs: readonly Pair[] = [
    await connectingAndVerifying(connections.bare),
    connecting(connections),
    await calling(sessions, "call of a guarded tool", "guarded"),
    await calling(sessions, "call of an open tool", "open"),
    await callingTwice(sessions.bare),
  ];
  print(name, await measure(pairs, { rounds: ROUNDS, operations: OPERATIONS }));
  for (const { close } of [...Object.values(connections), ...Object.values(sessions)]) await close();
}

function print(title: string, [raw, ...costs]: readonly Cost[]): void {
  const signature = raw?.added ?? Number.NaN;
  console.log(`\n${title}; one raw crypto.verify adds ${signature.toFixed(0)} µs to initialize`);
  console.log(
    `  ${"".padEnd(28)}${["SDK alone", "attested", "ratio", "added", "of raw verify"].map((head) => head.padStart(15)).join("")}`,
  );
  for (const { name, bare, attested, added } of costs) {
    const cells = [
      `${bare.toFixed(0)} µs`,
      `${attested.toFixed(0)} µs`,
      (attested / bare).toFixed(2),
      `${added.toFixed(0)} µs`,
      (added / signature).toFixed(2),
    ];
    console.log(`  ${name.padEnd(28)}${cells.map((cell) => cell.padStart(15)).join("")}`);
  }
  const missed = costs.filter(({ added }) => added > signature * ALLOWED).map(({ name }) => name);
  console.log(
    `  goal, at most ${ALLOWED} of a raw verify added: ${missed.length === 0 ? "reached" : `missed by ${missed.join(", ")}`}`,
  );
}
