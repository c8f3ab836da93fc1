import { connect } from "node:net";
import { onTestFinished } from "vitest";
import { HEADERS } from "../../http/support/sessions.ts";

/** A POST as it goes over the wire, with a body that need not be whole. */
export function rawPost(url: URL, body: string, headers: Record<string, string> = {}): string {
  const length = String(Buffer.byteLength(body));
  const all = { host: url.host, ...HEADERS, "content-length": length, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${url.pathname} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

/** Sends the same requests over one connection, so many at once, and counts their answers by status. */
export function flood(
  url: URL,
  { times, atOnce, request }: { times: number; atOnce: number; request: string },
) {
  const statuses: Record<string, number> = {};
  return new Promise<Record<string, number>>((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    let sent = 0;
    let answered = 0;
    let rest = "";
    const send = (count: number) => {
      const now = Math.min(count, times - sent);
      sent += now;
      if (now > 0) socket.write(request.repeat(now));
    };
    socket.on("data", (chunk) => {
      const text = rest + chunk.toString("latin1");
      const found = text.match(/HTTP\/1\.1 \d{3}/g) ?? [];
      rest = text.slice(text.lastIndexOf("HTTP/1.1 ") + 12).slice(-12);
      for (const line of found) statuses[line.slice(9)] = (statuses[line.slice(9)] ?? 0) + 1;
      answered += found.length;
      send(found.length);
      if (answered >= times) socket.end(() => resolve(statuses));
    });
    socket.on("error", reject);
    send(atOnce);
  });
}

/** Holds a request that never ends, and begins it anew whenever the server has had enough of it; returns what stops it. */
export function holdHalfSent(url: URL, request: string): void {
  let isOver = false;
  let socket = connect(Number(url.port), url.hostname);
  const begin = () => {
    if (isOver) return;
    socket = connect(Number(url.port), url.hostname);
    socket.on("error", () => undefined).on("data", () => socket.destroy());
    socket.on("close", () => setTimeout(begin, 1000));
    socket.write(request);
  };
  socket.destroy();
  begin();
  onTestFinished(() => {
    isOver = true;
    socket.destroy();
  });
}
