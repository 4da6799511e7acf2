/**
 * The embedded Web server for development and tests: `tricorn/gateway`.
 */
export { Gateway, type GatewayOptions, type GatewayTimeouts } from "./gateway.js";
export {
  routesOf,
  type GatewayRoutes,
  type RouteDescription,
  type RoutesOfOptions,
} from "../paths/routes-of.js";
