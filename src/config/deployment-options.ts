import { z } from "zod";

import { DeploymentSchema } from "./deployment.js";

/** A field of a deployment as a command-line option. */
export interface DeploymentOption {
  /** Its path in the deployment: `["apache", "realm"]`. */
  readonly path: readonly string[];
  /** Its name without `--`: `apache-realm`. */
  readonly name: string;
  readonly kind: "text" | "number" | "list";
  /** Whether it is a path, which is relative to the working directory on the command line. */
  readonly isPath: boolean;
  /** The allowed values; undefined for any. */
  readonly choices: readonly string[] | undefined;
  /** The default value. */
  readonly default: string | number | undefined;
  /** The help text. */
  readonly description: string;
}

/** The members of JSON Schema that are used here. */
interface Property {
  readonly type?: string;
  readonly anyOf?: readonly Property[];
  readonly properties?: Readonly<Record<string, Property>>;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly isPath?: boolean;
}

/** All fields of a deployment, in the order of the schema. */
export function deploymentOptions(): readonly DeploymentOption[] {
  return optionsOf(z.toJSONSchema(DeploymentSchema, { io: "input" }) as Property, []);
}

function optionsOf({ properties = {} }: Property, above: readonly string[]): DeploymentOption[] {
  return Object.entries(properties).flatMap(([key, property]) => {
    const path = [...above, key];
    return property.properties === undefined ? [optionOf(property, path)] : optionsOf(property, path);
  });
}

function optionOf(property: Property, path: readonly string[]): DeploymentOption {
  const { type, anyOf = [], description = "", default: value, enum: choices, isPath = false } = property;
  return {
    path,
    name: path.map(kebab).join("-"),
    kind:
      type === "array" || anyOf.some((one) => one.type === "array")
        ? "list"
        : type === "integer"
          ? "number"
          : "text",
    isPath,
    choices,
    default: typeof value === "string" || typeof value === "number" ? value : undefined,
    description,
  };
}

function kebab(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
