import fc from "fast-check";

import { type Draft, draft, drafts, initialize } from "./drafts.ts";

/** Event at a server with a few connections. */
export type Step =
  /** One message, or a batch of them. `as` is whose session id it is sent with, where there is such a thing. */
  | {
      readonly kind: "send";
      readonly to: number;
      readonly as: "itself" | "another" | "nobody";
      readonly drafts: Draft | readonly Draft[];
    }
  /** One of the requests that wait for a verifier, a check or a tool goes on. */
  | { readonly kind: "settle"; readonly which: number }
  /** The event loop turns, so that everything that waits for nothing goes on. */
  | { readonly kind: "turn" }
  | { readonly kind: "speak"; readonly to: number; readonly how: "log" | "list changed" | "ping" }
  | { readonly kind: "later"; readonly seconds: number }
  | { readonly kind: "close"; readonly to: number };

export const CONNECTIONS = 2;

const to = fc.nat(CONNECTIONS - 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      to,
      as: fc.oneof(
        { weight: 8, arbitrary: fc.constant("itself" as const) },
        { weight: 1, arbitrary: fc.constantFrom("another" as const, "nobody" as const) },
      ),
      drafts: fc.oneof(
        { weight: 8, arbitrary: draft },
        { weight: 1, arbitrary: fc.array(draft, { maxLength: 4 }) },
      ),
    }),
  },
  { weight: 7, arbitrary: fc.record({ kind: fc.constant("settle" as const), which: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.constant({ kind: "turn" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("speak" as const),
      to,
      how: fc.constantFrom("log" as const, "list changed" as const, "ping" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("later" as const), seconds: fc.constantFrom(1, 100, 299, 331) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close" as const), to }) },
);

/** A handshake that nothing comes between, such as honest clients make. */
const handshake: fc.Arbitrary<readonly Step[]> = fc
  .record({ to, draft: drafts(initialize, fc.constantFrom("good", "good", "enterprise", "absent")) })
  .map(({ to, draft }) => [
    { kind: "send", to, as: "itself", drafts: draft },
    ...Array.from({ length: 3 }, () => ({ kind: "settle", which: 0 }) as const),
    { kind: "turn" },
  ]);

/** A run: what comes before a handshake, during it and after, with as many handshakes as chance will have it. */
export const runs: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.array(step, { maxLength: 4, size: "max" }),
    fc.array(handshake, { maxLength: 3, size: "max" }),
    fc.array(step, { maxLength: 40, size: "max" }),
  )
  .map(([before, handshakes, after]) => [...before, ...handshakes.flat(), ...after]);
