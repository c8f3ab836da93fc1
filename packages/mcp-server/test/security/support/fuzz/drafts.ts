import fc from "fast-check";

/** Kind of the token that a fuzzed message presents. */
export type TokenKind =
  | "absent"
  | "null"
  | "no string"
  | "junk"
  | "good"
  | "enterprise"
  | "another agent's"
  | "forged"
  | "expired"
  | "for another audience"
  /** The verifier throws. */
  | "breaks the verifier"
  /** The verifier returns something that is no result. */
  | "confuses the verifier"
  /** A token that was presented before, by any caller. */
  | { readonly used: number };

/** A message but for its token, which is made when it is sent. */
export interface Draft {
  readonly message: unknown;
  /** Goes into an object's `params`: of `initialize` into the capabilities, of others into `_meta`. */
  readonly token: TokenKind;
}

/** Few, so that many requests have the same. */
const id = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom("0", "1", "a", "") },
  { weight: 6, arbitrary: fc.integer({ min: 100, max: 1_000_000 }) },
);

const token: fc.Arbitrary<TokenKind> = fc.oneof(
  { weight: 4, arbitrary: fc.constant("good" as const) },
  {
    weight: 5,
    arbitrary: fc.constantFrom<TokenKind>(
      "absent",
      "null",
      "no string",
      "junk",
      "enterprise",
      "another agent's",
      "forged",
      "expired",
      "for another audience",
      "breaks the verifier",
      "confuses the verifier",
    ),
  },
  { weight: 2, arbitrary: fc.record({ used: fc.nat(20) }) },
);

const orNone = fc.oneof(
  { weight: 4, arbitrary: fc.constant("absent" as const) },
  { weight: 1, arbitrary: token },
);

/** Messages that present what `presented` says. */
export const drafts = (
  message: fc.Arbitrary<unknown>,
  presented: fc.Arbitrary<TokenKind>,
): fc.Arbitrary<Draft> => fc.record({ message, token: presented });

const request = (method: fc.Arbitrary<unknown>, params: fc.Arbitrary<unknown>) =>
  fc.record({ jsonrpc: fc.constant("2.0"), id, method, params });

/** `initialize`, but for its token. */
export const initialize = request(
  fc.constant("initialize"),
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc.constant({
        protocolVersion: "2025-11-25",
        clientInfo: { name: "fuzz", version: "1" },
        capabilities: {},
      }),
    },
    // Which the server itself refuses.
    { weight: 1, arbitrary: fc.constant({ protocolVersion: "2025-11-25", capabilities: {} }) },
  ),
);

const TOOLS = [
  "open",
  "guarded",
  "provider-only",
  "slow",
  "slowly-checked",
  "ruled",
  "ruled-slowly",
  "absent",
];

const toolCall = request(
  fc.constant("tools/call"),
  fc.record({ name: fc.constantFrom(...TOOLS), arguments: fc.constant({}) }),
);

const otherRequest = fc.oneof(
  request(fc.constantFrom("ping", "tools/list", "no/such", "logging/setLevel", "__proto__"), fc.constant({})),
  request(fc.constant("resources/read"), fc.constant({ uri: "fuzz://resource" })),
  request(fc.constant("prompts/get"), fc.constant({ name: "prompt" })),
);

const notification = fc.oneof(
  fc.record({
    jsonrpc: fc.constant("2.0"),
    method: fc.constantFrom(
      "notifications/initialized",
      "notifications/roots/list_changed",
      "initialize",
      "tools/call",
    ),
    params: fc.constant({}),
  }),
  fc.record({
    jsonrpc: fc.constant("2.0"),
    method: fc.constant("notifications/cancelled"),
    params: fc.record({ requestId: id, reason: fc.constant("fuzz") }),
  }),
);

const response = fc.oneof(
  fc.record({ jsonrpc: fc.constant("2.0"), id, result: fc.constant({}) }),
  fc.record({ jsonrpc: fc.constant("2.0"), id, error: fc.constant({ code: 1, message: "no" }) }),
);

/** Objects with the members that matter and values that do not fit them, and what is no object. */
const misfit = fc.record(
  {
    jsonrpc: fc.constantFrom("2.0", "1.0", null),
    id: fc.oneof(id, fc.jsonValue({ maxDepth: 1 })),
    method: fc.oneof(fc.constantFrom("initialize", "tools/call", "ping"), fc.jsonValue({ maxDepth: 1 })),
    params: fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.record({ _meta: fc.jsonValue({ maxDepth: 1 }), name: fc.jsonValue({ maxDepth: 1 }) }),
      fc.record({ capabilities: fc.jsonValue({ maxDepth: 2 }) }),
    ),
    result: fc.jsonValue({ maxDepth: 1 }),
    error: fc.jsonValue({ maxDepth: 1 }),
  },
  { requiredKeys: [] },
);
const malformed = fc.oneof(
  { weight: 4, arbitrary: misfit },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
);

/** Any message: a request, a notification, a response, or none of them. */
export const draft: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 3, arbitrary: drafts(initialize, token) },
  { weight: 8, arbitrary: drafts(toolCall, orNone) },
  { weight: 2, arbitrary: drafts(otherRequest, orNone) },
  { weight: 2, arbitrary: drafts(notification, orNone) },
  { weight: 1, arbitrary: drafts(response, fc.constant("absent" as const)) },
  { weight: 2, arbitrary: drafts(malformed, orNone) },
);
