import { describe, expect, test } from "vitest";
import {
  answeredId,
  cancelledId,
  errorResponse,
  isIdTooLong,
  isMessage,
  isRequest,
  isResult,
  type Message,
} from "../../src/wire.js";

const request = { jsonrpc: "2.0", id: 7, method: "tools/list" } as const;
const notification = { jsonrpc: "2.0", method: "notifications/initialized" } as const;
const result = { jsonrpc: "2.0", id: "7", result: {} } as const;
const error = errorResponse(7, { code: -32603, message: "Internal error" });

describe("JSON-RPC messages", () => {
  test.each<[string, Message, boolean, boolean, unknown]>([
    ["a request", request, true, false, undefined],
    ["a notification", notification, false, false, undefined],
    ["a result", result, false, true, "7"],
    ["an error", error, false, false, 7],
  ])("%s is told from the others", (_, message, asks, hasResult, answered) => {
    expect([isRequest(message), isResult(message), answeredId(message)]).toEqual([asks, hasResult, answered]);
    expect(isMessage(message)).toBe(true);
  });

  test.each([
    null,
    1,
    "{}",
    [],
    {},
    { method: 1 },
    { method: "x", id: {} },
    { method: "x", id: null },
    { id: true, result: {} },
    { method: "x", params: 1 },
    { method: "x", params: null },
  ])("%j is none", (value) => {
    expect(isMessage(value)).toBe(false);
  });

  test("an error carries data only where there is some", () => {
    expect(error).toEqual({ jsonrpc: "2.0", id: 7, error: { code: -32603, message: "Internal error" } });
    expect(errorResponse(7, { code: 1, message: "", data: 0 })).toMatchObject({ error: { data: 0 } });
  });

  test("a cancellation names the request that it cancels, by an id that can be one", () => {
    const cancel = (params?: Record<string, unknown>): Message => ({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      ...(params === undefined ? {} : { params }),
    });
    expect(
      [{ requestId: 1 }, { requestId: "a" }, { requestId: {} }, {}, undefined].map((params) =>
        cancelledId(cancel(params)),
      ),
    ).toEqual([1, "a", undefined, undefined, undefined]);
    expect(cancelledId({ ...notification, params: { requestId: 1 } })).toBeUndefined();
  });

  test("an id of 256 characters is remembered, a longer one is not", () => {
    expect(isIdTooLong({ ...request, id: "x".repeat(256) })).toBe(false);
    expect(isIdTooLong({ ...request, id: "x".repeat(257) })).toBe(true);
    expect(isIdTooLong({ ...request, id: 1e300 })).toBe(false);
  });
});
