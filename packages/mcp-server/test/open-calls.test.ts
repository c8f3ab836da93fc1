import { describe, expect, test } from "vitest";
import { UNATTESTED } from "../src/context/attestation-context.ts";
import type { Caller } from "../src/context/caller.ts";
import type { CurrentCall } from "../src/context/current-call.ts";
import { OpenCalls } from "../src/gate/open-calls.ts";

const caller: Caller = { context: UNATTESTED, unattestedBecause: 1009 };
const callOf = (): CurrentCall => ({
  caller,
  gate: {},
  isOver: false,
  isGivenUp: false,
  isExpired: () => false,
  refusalData: () => ({}),
  noteDenial: () => undefined,
});
const cancel = (requestId: number) =>
  ({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } }) as const;

function open(calls: OpenCalls, id: number): boolean {
  const request = { jsonrpc: "2.0", id, method: "tools/list", params: { padding: "x" } } as const;
  return calls.add({ request, call: callOf(), startedAt: 0 });
}

describe("OpenCalls", () => {
  test("keeps of a cancelled request no parameters, and its id in use until it is answered", () => {
    const calls = new OpenCalls(callOf);
    open(calls, 1);
    expect(calls.cancelledBy(cancel(1))?.request.params).toEqual({ padding: "x" });
    expect(calls.cancelledBy(cancel(1))).toBeUndefined();
    expect(calls.has(1)).toBe(true);
    const answered = calls.answeredBy({ jsonrpc: "2.0", id: 1, result: {} });
    expect(answered?.request).toEqual({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    expect(calls.has(1)).toBe(false);
  });

  test("holds 1024 open requests, and forgets a cancelled one for the next", () => {
    const calls = new OpenCalls(callOf);
    for (let id = 0; id < 1024; id++) expect(open(calls, id)).toBe(true);
    expect(open(calls, 1024)).toBe(false);
    calls.cancelledBy(cancel(5));
    expect(open(calls, 1024)).toBe(true);
    expect(calls.has(5)).toBe(false);
  });
});
