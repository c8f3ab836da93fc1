import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { stat } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A pause of a few milliseconds, never the same. */
const pause = () => sleep(Math.random() * 8);

const own = new AsyncLocalStorage<number>();

/** Routes of a handler's code through Node's asynchronous APIs. Each calls `look` after every step. */
export const asyncRoutes: readonly ((look: () => void) => Promise<void>)[] = [
  async function timers(look) {
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        look();
        setImmediate(() => {
          look();
          process.nextTick(() => {
            look();
            resolve();
          });
        });
      }, Math.random() * 8);
    });
  },
  async function nestedAsyncCode(look) {
    const descend = async (depth: number): Promise<void> => {
      await (depth % 2 === 0 ? pause() : undefined);
      look();
      if (depth > 0) await Promise.all([descend(depth - 1), pause().then(look)]);
      look();
    };
    await descend(4);
  },
  async function anAsyncLocalStorageOfItsOwn(look) {
    const value = Math.random();
    await own.run(value, async () => {
      await pause();
      look();
      await own.exit(async () => {
        await pause();
        look();
      });
      if (own.getStore() !== value) throw new Error("the handler's own storage was lost");
    });
  },
  async function streams(look) {
    const chunks = async function* () {
      for (let chunk = 0; chunk < 4; chunk++) {
        await pause();
        look();
        yield `${chunk}`;
      }
    };
    await pipeline(Readable.from(chunks()), new PassThrough(), async (source: AsyncIterable<unknown>) => {
      for await (const _ of source) look();
    });
  },
  async function callbacks(look) {
    await new Promise<void>((resolve, reject) => {
      randomBytes(8, () => {
        look();
        stat(".", (error) => {
          look();
          if (error) reject(error);
          else resolve();
        });
      });
    });
  },
  async function events(look) {
    const emitter = new EventEmitter();
    setTimeout(() => emitter.emit("done"), Math.random() * 8);
    await once(emitter, "done");
    look();
  },
  async function races(look) {
    await Promise.race([pause(), pause(), new Promise<void>((resolve) => queueMicrotask(resolve))]);
    look();
    await Promise.allSettled([pause().then(look), Promise.reject(new Error("lost")), pause().then(look)]);
    look();
  },
];
