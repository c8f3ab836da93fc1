import { describe, expect, test } from "vitest";
import { requestHash } from "../../src/proof/request-hash.js";

describe("requestHash", () => {
  test("gives the vectors of the protocol", () => {
    expect(requestHash({ method: "tools/list" })).toBe("bmLEqYjta7OhnDUKyKZ5eo2tWfMVLPznHkyvFtxFIlU");
    const params = {
      capabilities: {},
      clientInfo: { name: "c", version: "1" },
      protocolVersion: "2025-11-25",
    };
    expect(requestHash({ method: "initialize", params })).toBe("x-KDPv_7bPiDFXco3C1xgm9EtHIzXkjY3ChSARsf2ko");
  });
});
