import { describe, expect, test } from "vitest";
import { describeErrorClasses } from "../../../test-support/error-classes.ts";
import * as exported from "../src/index.js";

describeErrorClasses({
  exported,
  packageFolder: new URL("../", import.meta.url),
  samples: { CircuitOpenError: [1], RetryError: [1, new Error("status 503")] },
});

describe("RetryError", () => {
  test.each([
    [new Error("status 503"), "gave up after 1 attempt: status 503"],
    [new TypeError(), "gave up after 1 attempt: TypeError"],
    ["over", "gave up after 1 attempt: over"],
    [undefined, "gave up after 1 attempt: thrown: undefined"],
    [null, "gave up after 1 attempt: thrown: null"],
  ])("tells the last error %o", (lastError, message) => {
    expect(new exported.RetryError(1, lastError)).toMatchObject({ message, lastError });
  });
});
