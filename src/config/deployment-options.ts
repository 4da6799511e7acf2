import { z } from "zod";

import { DeploymentSchema } from "./deployment.js";

/** A field of a deployment, as an option of a command line. */
export interface DeploymentOption {
  /** Where it stands in the deployment: `["apache", "realm"]`. */
  readonly path: readonly string[];
  /** Its name without the two hyphens: `apache-realm`. */
  readonly name: string;
  readonly kind: "text" | "number" | "list";
  /** Whether it is a file or folder, which a command line may name from where it is. */
  readonly isPath: boolean;
  /** The values that there are; any if undefined. */
  readonly choices: readonly string[] | undefined;
  /** What it is if left out. */
  readonly default: string | number | undefined;
  /** What it means. */
  readonly description: string;
}

/** What is of interest here of JSON Schema. */
interface Property {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Property>>;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly isPath?: boolean;
}

/** All fields of a deployment, in the order of its schema. */
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
  const { type, description = "", default: value, enum: choices, isPath = false } = property;
  return {
    path,
    name: path.map(kebab).join("-"),
    kind: type === "array" ? "list" : type === "integer" ? "number" : "text",
    isPath,
    choices,
    default: typeof value === "string" || typeof value === "number" ? value : undefined,
    description,
  };
}

function kebab(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
