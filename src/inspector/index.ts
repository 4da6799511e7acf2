/**
 * `tricorn/inspector`: what travels between gateway and application, as a page.
 *
 * @module inspector
 */
export { Inspector, type InspectorOptions } from "./inspector.js";
export type { InspectorLimits } from "./inspector-limits.js";
