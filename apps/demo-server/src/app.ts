import type { HttpSessions } from "@attest/mcp-server/http";
import { Hono } from "hono";

/** The server as a web-standard application: MCP under `/mcp`, and its health. */
export function createApp(sessions: HttpSessions, audience: string): Hono {
  const app = new Hono();
  app.all("/mcp", ({ req }) => sessions.handle(req.raw));
  app.get("/health", (context) => context.json({ status: "ok", audience }));
  app.notFound((context) => context.json({ error: "not_found", message: "MCP is at /mcp" }, 404));
  app.onError((error, context) => {
    console.error(error);
    return context.json({ error: "internal_error", message: "the server failed" }, 500);
  });
  return app;
}
