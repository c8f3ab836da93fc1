import {
  type StdioServerParameters,
  StdioClientTransport as StdioTransportOfOldest,
} from "sdk-oldest/client/stdio.js";

/** The oldest SDK's stdio transport, whose child processes run on the oldest SDK as well. */
export class StdioClientTransport extends StdioTransportOfOldest {
  constructor({ args = [], ...server }: StdioServerParameters) {
    super({ ...server, args: ["--import", new URL("with-oldest-sdk.ts", import.meta.url).href, ...args] });
  }
}
