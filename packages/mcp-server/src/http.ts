export {
  type NodeHandlerOptions,
  type RequestExtra,
  toNodeHandler,
  type WebHandler,
} from "./http/node-handler.js";
export type { CloseOptions } from "./v1/http-front.js";
export type { HttpHostOptions } from "./v1/http-host-options.js";
export type { HttpLimitsOptions } from "./v1/http-limits.js";
export { HttpSessions } from "./v1/http-sessions.js";
export type { HttpSessionsOptions } from "./v1/http-sessions-options.js";
export type { HttpSessionInfo } from "./v1/open-sessions.js";
export { StatelessHttp } from "./v1/stateless-http.js";
export type { StatelessHttpOptions, StatelessLimitsOptions } from "./v1/stateless-http-options.js";
