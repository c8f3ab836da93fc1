import { describe, expect, test } from "vitest";
import { allowedOriginOf } from "../../src/http/front/host-and-origin.ts";
import { Issuer } from "../support/agents.ts";
import { HEADERS, initialize, post, sessionsFor, URL_OF_MCP } from "./support/sessions.ts";

describe("HttpSessions", () => {
  test.each([
    [{ host: "evil.example" }, "a name that was made to point here"],
    [{ host: "" }, "no host"],
    [{ host: "127.0.0.1.evil.example" }, "a name that looks like ours"],
    [{ origin: "https://evil.example" }, "a page of another origin"],
    [{ origin: "null" }, "a page of no origin"],
    [{ origin: "http://127.0.0.1:8081" }, "a page of another port"],
    [{ origin: "http://localhost:8080" }, "a page of another name"],
    [{ origin: "http://127.0.0.1:8080@evil.example" }, "an origin that only begins as ours"],
    [{ host: "evil.example", origin: "http://evil.example" }, "a page whose name was made to point here"],
    [{ host: "", origin: "file://" }, "a page from disk"],
  ] as readonly (readonly [Record<string, string>, string])[])("refuses, 403, %j: %s", async (headers) => {
    const sessions = sessionsFor(new Issuer());
    expect((await sessions.handle(post(initialize(), headers))).status).toBe(403);
  });

  test("lets pages of its own host and port in, unless any host is served", async () => {
    const issuer = new Issuer();
    const headers = { host: "127.0.0.1:8080", origin: "http://127.0.0.1:8080" };
    const answer = await sessionsFor(issuer).handle(post(initialize(await issuer.token()), headers));
    expect(await answer.text()).toContain("verified");
    const open = sessionsFor(issuer, { allowedHosts: null });
    expect((await open.handle(post(initialize(), headers))).status).toBe(403);
  });

  test("lets hosts and origins in that are named, whatever their port and case", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, {
      allowedHosts: ["mcp.example.com"],
      allowedOrigins: ["https://app.example.com"],
    });
    const headers = { host: "MCP.example.com:8443", origin: "https://app.example.com" };
    const answer = await sessions.handle(post(initialize(await issuer.token()), headers));
    expect(await answer.text()).toContain("verified");
    expect((await sessions.handle(post(initialize()))).status).toBe(403);
  });
});

describe("a request without a Host header, as over HTTP/2 or in a framework's own tests,", () => {
  const to = (url: string, headers: Record<string, string> = {}) =>
    new Request(url, {
      method: "POST",
      headers: { ...HEADERS, ...headers },
      body: JSON.stringify(initialize()),
    });

  test("is for the host in its URL", async () => {
    const sessions = sessionsFor(new Issuer(), { allowedHosts: ["mcp.example.com"] });
    expect((await sessions.handle(to("https://mcp.example.com/mcp"))).status).toBe(200);
    expect((await sessions.handle(to("https://evil.example/mcp"))).status).toBe(403);
    const own = { origin: "https://mcp.example.com" };
    expect((await sessions.handle(to("https://mcp.example.com/mcp", own))).status).toBe(200);
    expect((await sessions.handle(to("https://mcp.example.com:8443/mcp", own))).status).toBe(403);
  });
});

describe("a page of an allowed origin", () => {
  const origin = "https://app.example.com";
  const preflight = (headers: Record<string, string>) =>
    new Request(URL_OF_MCP, {
      method: "OPTIONS",
      headers: { host: "localhost", "access-control-request-method": "POST", ...headers },
    });

  test("may send what MCP needs, as its browser asks first", async () => {
    const sessions = sessionsFor(new Issuer(), { allowedOrigins: [origin] });
    const { status, headers } = await sessions.handle(preflight({ origin }));
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe(origin);
    expect(headers.get("access-control-allow-methods")).toBe("GET, POST, DELETE");
    for (const name of ["content-type", "mcp-session-id", "mcp-protocol-version", "last-event-id"]) {
      expect(headers.get("access-control-allow-headers")).toContain(name);
    }
    expect(headers.get("vary")).toContain("Origin");
  });

  test("may read the answers, refusals too, and the session's id", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { allowedOrigins: [origin] });
    const begun = await sessions.handle(post(initialize(await issuer.token()), { origin }));
    const refused = await sessions.handle(post("{", { origin }));
    expect(refused.status).toBe(400);
    for (const { headers } of [begun, refused]) {
      expect(headers.get("access-control-allow-origin")).toBe(origin);
      expect(headers.get("access-control-expose-headers")).toMatch(/Mcp-Session-Id.*WWW-Authenticate/);
    }
  });

  test("is the only one: others get 403 and no such header, and no page 405", async () => {
    const sessions = sessionsFor(new Issuer(), { allowedOrigins: [origin] });
    const evil = await sessions.handle(preflight({ origin: "https://evil.example" }));
    expect(evil.status).toBe(403);
    expect(evil.headers.has("access-control-allow-origin")).toBe(false);
    expect((await sessions.handle(preflight({}))).status).toBe(405);
  });
});

describe("a Host that a parser would take for ours", () => {
  const served = { allowedHosts: new Set(["localhost", "127.0.0.1"]), allowedOrigins: new Set<string>() };
  const ask = (headers: Record<string, string>) => () =>
    allowedOriginOf(new Request("http://x/mcp", { headers }), served);

  test.each([
    "evil@localhost",
    "localhost/.evil.com",
    "localhost#.evil.com",
    "localhost?.evil.com",
    "localhost\\.evil.com",
    "127.1",
    "0x7f.1",
    "localhost:99999999",
    "",
  ])("is refused: %j", (host) => {
    expect(ask({ host })).toThrow("this host name is not served here");
  });

  test.each(["localhost", "LOCALHOST", "localhost:8080", "127.0.0.1:1"])("is not one of them: %j", (host) => {
    expect(ask({ host })()).toBeNull();
  });

  test("makes no page of another scheme our own", () => {
    expect(ask({ host: "localhost", origin: "chrome-extension://localhost" })).toThrow(
      "pages of this origin",
    );
    expect(ask({ host: "localhost", origin: "http://localhost" })()).toBeNull();
  });
});
