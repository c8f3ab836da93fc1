import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { proofUrl } from "../../src/proof/proof-url.js";

describe("proofUrl", () => {
  test.each([
    ["https://a.example/mcp", "https://a.example/mcp"],
    ["HTTPS://A.Example:443/mcp", "https://a.example/mcp"],
    ["http://a.example:80", "http://a.example/"],
    ["http://a.example:8080/", "http://a.example:8080/"],
    ["https://user:secret@a.example/mcp", "https://a.example/mcp"],
    ["https://a.example/mcp?session=1#top", "https://a.example/mcp"],
    ["https://a.example/mcp?", "https://a.example/mcp"],
    ["https://a.example/x/../mcp/./", "https://a.example/mcp/"],
    ["https://bücher.example/é", "https://xn--bcher-kva.example/%C3%A9"],
    ["http://0x7f.1/", "http://127.0.0.1/"],
    ["http://[0:0::1]/", "http://[::1]/"],
  ])("writes %s as %s", (text, url) => {
    expect(proofUrl(text)).toBe(url);
  });

  test.each([
    ["https://a.example/mcp", "https://a.example/mcp/"],
    ["https://a.example/mcp", "https://a.example/MCP"],
    ["https://a.example/mcp", "http://a.example/mcp"],
    ["https://a.example/mcp", "https://a.example:444/mcp"],
    ["https://a.example/a%2Fb", "https://a.example/a/b"],
    ["https://a.example/mcp", "https://a.example./mcp"],
  ])("tells %s from %s", (one, other) => {
    expect(proofUrl(one)).not.toBe(proofUrl(other));
  });

  test.each([
    "",
    "/mcp",
    "a.example/mcp",
    "ftp://a.example",
    "file:///mcp",
    "data:,x",
    "https://",
    "http://a b/",
    "ws://a.example",
  ])("has no URL for %j", (text) => {
    expect(proofUrl(text)).toBeUndefined();
  });

  test("is settled: what it wrote it writes again", () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (text) => {
        const url = proofUrl(text);
        expect(url).toBeDefined();
        expect(proofUrl(url ?? "")).toBe(url);
      }),
    );
  });
});
