import { createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";

/** Characters of a seal: 128 bits in base64url. */
const SEAL_LENGTH = 22;

/**
 * Returns `store` as one session is to use it. Stores of several sessions may keep their events in one place, and the SDK
 * calls the stream on which a server speaks by itself the same in every session. So streams get names of this session's own,
 * and an event's id is sealed: no session can ask for another's events.
 */
export function ownEvents(store: EventStore): EventStore {
  const key = randomBytes(32);
  const prefix = `${randomUUID()}.`;
  const sealOf = (id: string): string =>
    createHmac("sha256", key).update(id).digest("base64url").slice(0, SEAL_LENGTH);
  // An event without an id is one that cannot be resumed from.
  const sealed = (id: string): string => (id === "" ? "" : `${id}.${sealOf(id)}`);
  const opened = (eventId: string): string | undefined => {
    const id = eventId.slice(0, -SEAL_LENGTH - 1);
    const [expected, given] = [Buffer.from(`.${sealOf(id)}`), Buffer.from(eventId.slice(id.length))];
    return expected.length === given.length && timingSafeEqual(expected, given) ? id : undefined;
  };
  const own = (streamId: string | undefined): string | undefined =>
    streamId?.startsWith(prefix) ? streamId.slice(prefix.length) : undefined;
  const { getStreamIdForEventId } = store;
  return {
    storeEvent: async (streamId, message) => sealed(await store.storeEvent(prefix + streamId, message)),
    replayEventsAfter: async (lastEventId, { send }) => {
      const id = opened(lastEventId);
      const streamId =
        id === undefined
          ? undefined
          : await store.replayEventsAfter(id, { send: (eventId, message) => send(sealed(eventId), message) });
      return own(streamId) ?? refuse();
    },
    ...(getStreamIdForEventId === undefined
      ? {}
      : {
          getStreamIdForEventId: async (eventId) => {
            const id = opened(eventId);
            return id === undefined ? undefined : own(await getStreamIdForEventId.call(store, id));
          },
        }),
  };
}

function refuse(): never {
  throw new Error("the session has no stream with this event");
}
