import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Stands between a cache and Redis, and can lose answers. */
export class LossyProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #loss: "none" | "cut" | "swallow" = "none";
  #lost = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      const redis = connect(targetPort, "127.0.0.1");
      let isSilent = false;
      for (const socket of [client, redis]) {
        this.#sockets.add(socket);
        socket
          .on("error", () => undefined)
          .on("close", () => {
            this.#sockets.delete(socket);
            client.destroy();
            redis.destroy();
          });
      }
      client.on("data", (chunk: Buffer) => {
        if (this.#loss !== "none" && chunk.includes("\r\nSET\r\n")) {
          isSilent = true;
          this.#lost += 1;
          const { [this.#loss]: lose } = { cut: () => client.destroy(), swallow: () => undefined };
          // Once Redis has executed it.
          redis.once("data", lose);
          if (this.#loss === "cut") this.#loss = "none";
        }
        redis.write(chunk);
      });
      redis.on("data", (chunk: Buffer) => {
        if (!isSilent) client.write(chunk);
      });
    });
  }

  static async start(targetPort: number): Promise<LossyProxy> {
    const proxy = new LossyProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many answers were lost. */
  get lost(): number {
    return this.#lost;
  }

  /** The next `SET` arrives, and the connection ends instead of its answer. */
  cutNext(): void {
    this.#loss = "cut";
  }

  /** Every `SET` arrives, and its connection is silent from then on. */
  swallow(): void {
    this.#loss = "swallow";
  }

  heal(): void {
    this.#loss = "none";
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
