export {
  type NodeHandlerOptions,
  type RequestExtra,
  toNodeHandler,
  type WebHandler,
} from "./http/node-handler.js";
export type { HttpLimitsOptions } from "./v1/http-limits.js";
export { type CloseOptions, HttpSessions } from "./v1/http-sessions.js";
export type { HttpSessionsOptions } from "./v1/http-sessions-options.js";
export type { HttpSessionInfo } from "./v1/open-sessions.js";
