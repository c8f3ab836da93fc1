import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { JWKSFetcher } from "../../src/fetching/jwks-fetcher.js";
import { causeOfUnavailable } from "../support/unavailable.js";

const resolved = vi.hoisted(() => ({ address: "127.0.0.1", times: 0 }));

vi.mock(import("node:dns"), async (importOriginal) => ({
  ...(await importOriginal()),
  lookup: ((_hostname: string, _options: object, callback: (...results: unknown[]) => void) => {
    resolved.times++;
    callback(null, [{ address: resolved.address, family: 4 }]);
  }) as never,
}));

describe("JWKSFetcher", () => {
  test.each(["127.0.0.1", "10.0.0.1", "169.254.169.254"])(
    "refuses a name that resolves to %s, 1010, without another attempt or a connection",
    async (address) => {
      let connections = 0;
      const server = createServer().on("connection", () => connections++);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const fetcher = new JWKSFetcher();
      onTestFinished(() => fetcher.close());
      Object.assign(resolved, { address, times: 0 });

      const lookup = fetcher.getKey(`https://issuer.example:${port}`, "key-1");
      expect(await causeOfUnavailable(lookup)).toContain("not public");
      expect(resolved.times).toBe(1);
      expect(connections).toBe(0);
      expect(fetcher.metrics).toMatchObject({ fetchFailures: 1, retries: 0 });
    },
  );
});
