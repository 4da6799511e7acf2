/**
 * Handlers of other frameworks as responders: `tricorn/adapters`.
 *
 * @module adapters
 */
export { fetchHandler, type FetchHandlerOptions, type FetchFunction } from "./fetch-handler.js";
export { replaceFetchGlobals } from "./fetch-globals.js";
export { nodeListener, requestOf, type NodeListener } from "./node-listener.js";
export type { AdapterOptions } from "./catch-all.js";
