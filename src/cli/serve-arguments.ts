import { resolve } from "node:path";

import { controlPath } from "../supervisor/find-control.js";
import type { SuperviseOptions } from "../supervisor/index.js";
import { numberOf } from "./number-of.js";
import { parseOptions, type CommandOption } from "./parse-options.js";
import { UsageError } from "./usage-error.js";

/** The options of `tricorn serve`. */
export const serveOptions: readonly CommandOption[] = [
  {
    name: "workers",
    value: "n",
    meaning: "how many workers; by default as many as the processor has threads",
  },
  {
    name: "listen",
    value: "address",
    isRepeatable: true,
    meaning:
      "where to listen: 9000, host:9000, unix:/path, fd:0, or one of these after scgi:; can be repeated; by default as serve decides it",
  },
  {
    name: "recycle-requests",
    value: "n",
    meaning: "replace a worker after this many requests, and up to a tenth more",
  },
  { name: "recycle-memory", value: "MiB", meaning: "replace a worker whose resident memory exceeds this" },
  { name: "recycle-age", value: "seconds", meaning: "replace a worker of this age, and up to a tenth more" },
  {
    name: "chdir",
    value: "folder",
    meaning: "the working directory of the workers; a symbolic link is followed at each start",
  },
  { name: "user", value: "name", meaning: "the user of the workers; root must name one, if need be root" },
  { name: "group", value: "name", meaning: "the group of the workers; by default that of the user" },
  { name: "umask", value: "octal", meaning: "the umask, such as 027" },
  { name: "pid-file", value: "file", meaning: "the file with the process id of the master" },
  { name: "log", value: "file", meaning: "the log; SIGUSR1 opens it again. By default standard error" },
  {
    name: "status-listen",
    value: "address",
    meaning: "where /ping, /status and /metrics are answered over FastCGI",
  },
  {
    name: "control",
    value: "file",
    meaning:
      "the socket for tricorn status, ping, reload and stop, in a folder of mode 0700; by default it has a place of its own",
  },
  {
    name: "hang-report",
    meaning:
      "log the JavaScript stack of a worker whose event loop stands still; costs 10 to 20 MiB for each worker",
  },
  {
    name: "drain",
    value: "seconds",
    meaning:
      "for how long it serves on when it is asked to stop, while /ping and tricorn ping say that it drains; default: 0",
  },
  {
    name: "slow-log",
    value: "seconds",
    meaning:
      "log a request that is active for longer, with the await in which its handler stands; each promise costs more then",
  },
  {
    name: "start-limit",
    value: "seconds",
    meaning: "how long a worker may take until it is ready; default: 9",
  },
];

/** The arguments of `tricorn serve`. */
export interface ServeArguments {
  readonly help: boolean;
  readonly script: string | undefined;
  readonly options: SuperviseOptions;
  /** The file of the log. */
  readonly log: string | undefined;
}

const MIB = 1024 * 1024;
const SECOND = 1_000;

/**
 * Parses the arguments of `tricorn serve`; those after `--` are the program's.
 *
 * @throws UsageError
 */
export function parseServeArguments(args: readonly string[]): ServeArguments {
  const end = args.indexOf("--");
  const { values, positionals } = parseOptions(serveOptions, end < 0 ? args : args.slice(0, end));
  const [script, ...rest] = positionals;
  if (rest.length > 0)
    throw new UsageError(`unexpected argument ${rest[0]}; write -- before arguments of the program`);
  const number = (name: string, unit = 1): number | undefined => numberOf({ name, text: values[name], unit });
  const path = (name: string): string | undefined => {
    const value = values[name] as string | undefined;
    return value === undefined ? undefined : resolve(value);
  };
  const listen = values["listen"] as string[] | undefined;
  return {
    help: values["help"] === true,
    script,
    log: path("log"),
    options: {
      workers: number("workers"),
      listen,
      args: end < 0 ? [] : args.slice(end + 1),
      recycle: {
        requests: number("recycle-requests"),
        rss: number("recycle-memory", MIB),
        age: number("recycle-age", SECOND),
      },
      drain: numberOf({ name: "drain", text: values["drain"], unit: SECOND, isZeroAllowed: true }),
      startLimit: number("start-limit", SECOND),
      directory: values["chdir"] as string | undefined,
      user: values["user"] as string | undefined,
      group: values["group"] as string | undefined,
      umask: umaskOf(values["umask"]),
      pidFile: path("pid-file"),
      statusListen: values["status-listen"] as string | undefined,
      control:
        path("control") ??
        controlPath({ uid: process.getuid?.() ?? 0, environment: process.env }, process.pid),
      hangReport: values["hang-report"] === true,
      slowLog: number("slow-log", SECOND),
    },
  };
}

function umaskOf(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  if (typeof text === "string" && /^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw new UsageError(`--umask is ${JSON.stringify(text)}, not three octal digits such as 027`);
}
