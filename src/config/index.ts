/**
 * Configurations of Web servers, from a deployment and what an application says of itself.
 *
 * @module config
 */
export { configure, type ConfigureOptions } from "./configure.js";
export type { ApplicationNeeds, Configuration, ConfigurationFile } from "./configuration.js";
export type { DeploymentInput } from "./deployment.js";
