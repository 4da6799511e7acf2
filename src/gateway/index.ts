/**
 * `tricorn/gateway`: the embedded Web server for development and tests.
 *
 * @module gateway
 */
export { Gateway } from "./gateway.js";
export type { ExchangeEnd, ExchangeObserver, GatewayObserver, RoleResult } from "./gateway-observer.js";
export type { GatewayDoor, GatewayOptions, GatewayTimeouts } from "./gateway-options.js";
export type { PhpOptions } from "./scripts.js";
export {
  routesOf,
  type GatewayRoutes,
  type RouteDescription,
  type RoutesOfOptions,
} from "../paths/routes-of.js";
