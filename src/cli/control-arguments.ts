import { resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";

import type { WantedMaster } from "../supervisor/find-control.js";
import { numberOf } from "./number-of.js";
import { UsageError } from "./usage-error.js";

/** The commands that ask a master. */
export type ControlCommandName = "status" | "ping" | "reload" | "stop";

/** The arguments of `tricorn status`, `ping`, `reload` and `stop`. */
export interface ControlArguments extends WantedMaster {
  readonly help: boolean;
  /** Of `status`: whether to print JSON. */
  readonly json: boolean;
  /** Of `status`: whether to print it again each second. */
  readonly watch: boolean;
  /** Of `reload`: whether to wait until the old workers are gone. */
  readonly wait: boolean;
  /** Of `stop`: for how long the master serves on; ms. */
  readonly drain: number | undefined;
}

const SECOND = 1_000;

type Options = NonNullable<ParseArgsConfig["options"]>;

const COMMON: Options = {
  control: { type: "string" },
  "pid-file": { type: "string" },
  help: { type: "boolean", short: "h" },
};

const OPTIONS: Readonly<Record<ControlCommandName, Options>> = {
  status: { ...COMMON, json: { type: "boolean" }, watch: { type: "boolean" } },
  ping: COMMON,
  reload: { ...COMMON, wait: { type: "boolean" } },
  stop: { ...COMMON, drain: { type: "string" } },
};

/**
 * Parses the arguments of a command that asks a master.
 *
 * @throws UsageError
 */
export function parseControlArguments(
  command: ControlCommandName,
  args: readonly string[],
): ControlArguments {
  const { values } = parse(args, OPTIONS[command]);
  const path = (name: string): string | undefined => {
    const value = values[name] as string | undefined;
    return value === undefined ? undefined : resolve(value);
  };
  const [control, pidFile] = [path("control"), path("pid-file")];
  if (control !== undefined && pidFile !== undefined)
    throw new UsageError("--control and --pid-file name the same thing; give one of them");
  return {
    help: values["help"] === true,
    control,
    pidFile,
    json: values["json"] === true,
    watch: values["watch"] === true,
    wait: values["wait"] === true,
    drain: numberOf({ name: "drain", text: values["drain"], unit: SECOND, isZeroAllowed: true }),
  };
}

function parse(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options });
  } catch (error) {
    // The second sentence of Node's message is about arguments that begin with a hyphen.
    throw new UsageError((error as Error).message.split(". ", 1)[0]);
  }
}
