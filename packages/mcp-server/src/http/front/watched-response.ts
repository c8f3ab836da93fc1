import { ReadableStream } from "node:stream/web";
import type { UnsentBytes } from "./unsent-bytes.js";

/** Watch over the bytes of an answer. */
export interface Watch {
  readonly unsent: UnsentBytes;
  /** Called when the answer is out, or its client is gone. */
  readonly onEnd: (() => void) | undefined;
}

const watches = new WeakMap<Response, Watch>();

/** Has `response` watched by the code that writes it to a socket. */
export function watchWriting(response: Response, watch: Watch): Response {
  watches.set(response, watch);
  return response;
}

/** Returns how the bytes of `response` are to be watched; `undefined` when nobody asked for that. */
export function watchOf(response: Response): Watch | undefined {
  return watches.get(response);
}

/**
 * Returns the same answer with a body that counts what nobody has read of it, for servers of which nothing is known but
 * that they read web streams. It takes what there is at once, since the stream behind it would keep that uncounted.
 */
export function watchedResponse(response: Response, { unsent, onEnd }: Watch): Response {
  if (response.body === null) {
    onEnd?.();
    return response;
  }
  const reader = response.body.getReader();
  const stop = (): void => void reader.cancel().catch(() => undefined);
  let goOn: (() => void) | undefined;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const answer = unsent.open(() => {
          isCancelled = true;
          controller.error(new Error("too much of the session's answers is unread"));
          goOn?.();
          stop();
        });
        const waiting = (): number => Math.max(0, -(controller.desiredSize ?? 0));
        goOn = () => answer.holds(waiting());
        const pump = async (): Promise<void> => {
          for (let read = await reader.read(); !read.done; read = await reader.read()) {
            if (isCancelled) return;
            controller.enqueue(read.value);
            answer.holds(waiting());
          }
          // Closed once it is read: afterwards nothing would tell when that is.
          if (waiting() > 0) await new Promise<void>((resolve) => (goOn = resolve));
          if (!isCancelled) controller.close();
        };
        pump()
          .catch((error: unknown) => (isCancelled ? undefined : controller.error(error)))
          .finally(() => {
            answer.end();
            onEnd?.();
          });
      },
      pull: () => goOn?.(),
      cancel: () => {
        isCancelled = true;
        goOn?.();
        stop();
      },
    },
    { highWaterMark: 0, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  const { status, headers } = response;
  return new Response(body as unknown as NonNullable<ConstructorParameters<typeof Response>[0]>, {
    status,
    headers,
  });
}
