import { type AddressInfo, Server } from "node:net";

/*
 * `node --import loopback-only.ts server.js`: whatever address the program listens on becomes a free port of the
 * loopback interface, which is told on a line of its own. The program ends with the one that started it.
 */
process.stdin.resume().once("end", () => process.exit());
const listen = Server.prototype.listen;
Server.prototype.listen = function (this: Server, ...args: readonly unknown[]): Server {
  this.once("listening", () => {
    process.stdout.write(`\nport ${(this.address() as AddressInfo).port}\n`);
  });
  const listening = args.findLast((argument) => typeof argument === "function");
  if (listening !== undefined) this.once("listening", listening as () => void);
  return listen.call(this, { port: 0, host: "127.0.0.1" });
};
