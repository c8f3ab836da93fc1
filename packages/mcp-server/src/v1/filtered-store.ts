import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";

/** Returns `store` as the SDK's transport is to see it: only what `isStored` lets pass is stored, and can be replayed. */
export function filteredStore(store: EventStore, isStored: (message: JSONRPCMessage) => boolean): EventStore {
  const { getStreamIdForEventId } = store;
  return {
    // An event without an id is one that cannot be resumed from.
    storeEvent: (streamId, message) =>
      isStored(message) ? store.storeEvent(streamId, message) : Promise.resolve(""),
    replayEventsAfter: (lastEventId, events) => store.replayEventsAfter(lastEventId, events),
    ...(getStreamIdForEventId === undefined
      ? {}
      : { getStreamIdForEventId: (eventId) => getStreamIdForEventId.call(store, eventId) }),
  };
}
