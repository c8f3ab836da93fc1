export { HttpSessions } from "./http/http-sessions.js";
export { toNodeHandler, type WebHandler } from "./http/node-handler.js";
export type { HttpSessionsOptions } from "./http/session-options.js";
