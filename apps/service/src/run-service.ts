import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { StartError } from "./start-error.js";

/** The one address that is listened on: what is shown here is for this machine only. */
const HOST = "127.0.0.1";
/** How long requests under way may still take after a signal, in seconds. */
const GRACE_SECONDS = 2;

/** Service to run, once its port is known. */
export interface Service {
  /** 0 takes any free port. */
  readonly port: number;
  /** The request listener for a server that is reached at `origin`, such as `http://127.0.0.1:4100`. */
  readonly createListener: (origin: string) => RequestListener;
  /** Ends what would keep connections open. */
  readonly close?: () => Promise<void>;
}

/**
 * Runs an HTTP service on this machine's loopback address until SIGTERM or SIGINT, then exits with code 0. Once
 * it listens it prints one line, `<name> listening on http://127.0.0.1:<port>`, for a parent process to read.
 * A {@link StartError} becomes one line on stderr and exit code 1.
 */
export async function runService(name: string, readService: () => Service): Promise<void> {
  try {
    const { port, createListener, close } = readService();
    const server = createServer();
    await listen(server, port);
    const origin = `http://${HOST}:${(server.address() as AddressInfo).port}`;
    server.on("request", createListener(origin));
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop(server, close));
    console.log(`${name} listening on ${origin}`);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    console.error(`${name}: ${error.message}`);
    process.exitCode = 1;
  }
}

/** @throws {StartError} when the port cannot be had. */
async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    const problem = code === "EADDRINUSE" ? "is in use" : `cannot be listened on (${code})`;
    throw new StartError(
      `PORT ${port} ${problem}; stop what holds it, or set PORT to another one (0 takes any free port)`,
      { cause },
    );
  }
}

/** With the server closed nothing keeps the process alive. */
function stop(server: Server, close: Service["close"]): void {
  server.close();
  void close?.();
  setTimeout(() => server.closeAllConnections(), GRACE_SECONDS * 1000).unref();
}
