import { request as httpRequest, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { call, HEADERS, initialize } from "../http/support/sessions.ts";
import { Issuer } from "../support/agents.ts";
import { startServer } from "./support/start-http-server.ts";

const MB = 1_000_000;
const TIMEOUT = { timeout: 120_000 };

const send = (url: URL, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) });

async function begin(url: URL, issuer: Issuer): Promise<Record<string, string>> {
  const begun = await send(url, initialize(await issuer.token()));
  expect(await begun.text()).toContain("verified");
  return { "mcp-session-id": begun.headers.get("mcp-session-id") ?? "" };
}

describe("the memory of a server", () => {
  test(
    "stays as it is over 300 pings of 1 MB, one after another in one session that is answered with JSON",
    TIMEOUT,
    async () => {
      const issuer = new Issuer();
      const flags = ["--max-old-space-size=200"];
      const { url, usage } = await startServer(issuer, { enableJsonResponse: true, flags });
      const headers = await begin(url, issuer);
      const padding = "p".repeat(MB);
      const ping = async (id: number) => {
        const answer = await send(url, { jsonrpc: "2.0", id, method: "ping", params: { padding } }, headers);
        expect(await answer.text()).toContain('"result":{}');
      };
      for (let id = 10; id < 20; id++) await ping(id);
      const before = await usage();
      for (let id = 20; id < 310; id++) await ping(id);
      const after = await usage();
      expect(after.bytes - before.bytes).toBeLessThan(10 * MB);
    },
  );

  test.each([false, true])(
    "is bounded when a client never reads: its session ends at limits.unsentBytes (enableJsonResponse: %s)",
    TIMEOUT,
    async (enableJsonResponse) => {
      const issuer = new Issuer();
      const limits = { unsentBytes: 16 * MB };
      const { url, usage } = await startServer(issuer, { enableJsonResponse, limits });
      const [headers, others] = [await begin(url, issuer), await begin(url, issuer)];
      const before = await usage();
      const unread: IncomingMessage[] = [];
      // The kernel takes up to 10 MB for each connection, whoever reads.
      for (let id = 0; id < 60; id++) {
        const fill = { ...call, id, params: { name: "fill", arguments: { bytes: 12 * MB } } };
        const request = httpRequest(url, { method: "POST", headers: { ...HEADERS, ...headers } });
        request.on("error", () => undefined);
        // Nobody reads it.
        request.on("response", (response) => void unread.push(response.on("error", () => undefined)));
        request.end(JSON.stringify(fill));
        onTestFinished(() => void request.destroy());
      }
      for (let round = 0; (await usage()).sessions > 1 && round < 100; round++) await sleep(100);
      await sleep(500);
      const after = await usage();
      expect(after.sessions).toBe(1);
      expect(after.errors).toEqual([expect.stringContaining("limits.unsentBytes")]);
      expect(after.bytes - before.bytes).toBeLessThan(30 * MB);
      expect((await send(url, call, headers)).status).toBe(404);
      const sky = { ...call, params: { name: "sky" } };
      expect(await (await send(url, sky, others)).text()).toContain("blue");
    },
  );
});
