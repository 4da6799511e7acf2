import type { DeploymentOption } from "../config/deployment-options.js";
import { examiners } from "../config/existing/examiners.js";
import { servers } from "../config/servers.js";
import type { ControlCommandName } from "./control-arguments.js";
import { commandOptions } from "./config-arguments.js";
import { devOptions } from "./dev-arguments.js";
import type { CommandOption } from "./parse-options.js";
import { serveOptions } from "./serve-arguments.js";

const WIDTH = 100;
const INDENT = 28;

const MODULE =
  "module is a JavaScript module that exports `application` or `controllers`, has one of them as its default export, or calls " +
  "serve, which then serves nothing. Without a module, all requests go to a responder.";

/** The output of `tricorn --help`. */
export function help(): string {
  return `Usage: tricorn <command>

  init [folder]              create a project: TypeScript, a controller for each role, a page, tests
  dev [program]              run a program behind a Web server, and anew when one of its files changes
  config <server> [module]   print or write the configuration of a Web server for an application
  serve <program>            run a program in several workers, and reload it without losing a request
  status                     print what a running master and its workers do
  ping                       exit with 0 if requests may be sent to a running master
  reload                     load the program of a running master again
  stop                       stop a running master, when its requests are finished
  --help                     print this help; for a command: tricorn config --help
  --version                  print the version of Tricorn
`;
}

/** The output of `tricorn init --help`. */
export function initHelp(): string {
  const meaning =
    "Writes a new project into the folder, which must be empty or new; by default into the current folder. Nothing is installed: it " +
    "prints the next commands. Versions are those that this version of Tricorn is tested with.";
  const options: readonly (readonly [string, string])[] = [
    ["--name <name>", "the name of the package; by default that of the folder"],
    ["--yes, -y", "ask nothing, even on a terminal"],
  ];
  return `Usage: tricorn init [folder] [options]

${wrapText("", meaning)}
${options.map(([option, meaning]) => helpEntry(option, meaning)).join("")}
Example: tricorn init hats
`;
}

/** The output of `tricorn config --help`. */
export function configHelp(): string {
  const options: readonly (readonly [string, string])[] = [
    [
      "--deployment <file>",
      "read a deployment as JSON, or the output of --json; other options take precedence",
    ],
    [
      "--into",
      "write what a site that exists includes to have the application at --mount, not a whole server",
    ],
    [
      "--existing",
      `look at the configuration of ${Object.keys(examiners).join(", ")} on this machine first, and write nothing if it stops the ` +
        "application; as the caller, without changing anything",
    ],
    ["--main-file <file>", "the main file that --existing looks at; by default Debian's"],
    ["--scgi", "let nginx, Apache or lighttpd speak SCGI to the application, not FastCGI"],
    ["--out <folder>", "write the files to this folder, instead of printing them"],
    ["--json", "print the deployment with all defaults, and the description of the application"],
    ["-- <command> …", "the command that starts the application, for servers that start it"],
  ];
  const names = Object.keys(servers).join(", ");
  return `Usage: tricorn config <server> [module] [options] [-- command …]

${wrapText("", `Prints the configuration of one of these Web servers: ${names}.`)}
${wrapText("", MODULE)}
${options.map(([option, meaning]) => helpEntry(option, meaning)).join("")}
Fields of the deployment:

${commandOptions().map(optionEntry).join("")}
Examples:
  tricorn config nginx dist/application.js --port 8080 --state run --out .
  tricorn config nginx dist/application.js --into --mount /app --out .
`;
}

/** The output of `tricorn serve --help`. */
export function serveHelp(): string {
  const program =
    "program is a JavaScript or TypeScript file that calls serve; the workers listen on the addresses of the options instead of " +
    "its own. SIGHUP and SIGUSR2 reload it, SIGTERM stops it.";
  return `Usage: tricorn serve <program> [options] [-- argument …]

${wrapText("", program)}
${commandEntries(serveOptions)}
Example: tricorn serve dist/main.js --workers 4 --listen /run/app/app.sock
`;
}

/** The output of `tricorn dev --help`. */
export function devHelp(): string {
  const program =
    "program is a JavaScript or TypeScript file that calls serve; by default src/main.ts, src/main.js, main.ts or main.js. It is " +
    "served by the embedded gateway instead of on its own address, and starts again when a source file of its project changes.";
  return `Usage: tricorn dev [program] [options] [-- argument …]

${wrapText("", program)}
${commandEntries(devOptions)}
Example: tricorn dev src/main.ts --root public --port 8080
`;
}

function commandEntries(options: readonly CommandOption[]): string {
  return options
    .map(({ name, value, meaning }) =>
      helpEntry(value === undefined ? `--${name}` : `--${name} <${value}>`, meaning),
    )
    .join("");
}

const CONTROL_MEANINGS: Readonly<Record<ControlCommandName, string>> = {
  status: "Prints what the master and its workers do. Exits with 1 if no worker answers.",
  ping: 'Prints "pong". Exits with 1 if the master is not to get requests, and prints why: it drains, it stops, or no worker answers.',
  reload:
    "Replaces the workers by new ones, which load the program again. If one does not start, prints why, and exits with 1: the old " +
    "version serves on.",
  stop:
    "Stops the master. Returns when it has finished its requests and is gone. Another stop ends a drain; one after that ends " +
    "requests at once.",
};

const CONTROL_OPTIONS: Readonly<Record<ControlCommandName, readonly (readonly [string, string])[]>> = {
  status: [
    ["--json", "print JSON"],
    ["--watch", "print it again each second, until Ctrl-C; with --json a line each time"],
  ],
  ping: [],
  reload: [["--wait", "return when the last old worker is gone"]],
  stop: [
    [
      "--drain <seconds>",
      "serve on for so long before, while /ping and tricorn ping say that it drains; by default as tricorn serve --drain says",
    ],
  ],
};

/** The output of `tricorn status --help`, and so on. */
export function controlHelp(command: ControlCommandName): string {
  const options: readonly (readonly [string, string])[] = [
    ...CONTROL_OPTIONS[command],
    ["--control <file>", "the control socket of the master; by default that of the only master of this user"],
    ["--pid-file <file>", "the file with the process id of the master"],
  ];
  return `Usage: tricorn ${command} [options]

${wrapText("", CONTROL_MEANINGS[command])}
${options.map(([option, meaning]) => helpEntry(option, meaning)).join("")}`;
}

function optionEntry(option: DeploymentOption): string {
  const { name, kind, choices, default: value, description } = option;
  const argument = choices === undefined ? (kind === "number" ? "<n>" : "<text>") : "<one>";
  const facts = [
    description,
    ...(choices === undefined ? [] : [`one of ${choices.join(", ")}`]),
    ...(kind === "list" ? ["can be repeated"] : []),
    ...(value === undefined || value === "" ? [] : [`default: ${value}`]),
  ];
  return helpEntry(`--${name} ${argument}`, facts.join("; "));
}

/** Formats an option and its meaning. */
function helpEntry(option: string, meaning: string): string {
  const name = `  ${option}`;
  const margin = " ".repeat(INDENT);
  // A long name gets its own line.
  return name.length > INDENT - 2
    ? `${name}\n${margin}${wrapText(margin, meaning)}`
    : name.padEnd(INDENT) + wrapText(margin, meaning);
}

/** Wraps a text at `WIDTH`, with a margin before all lines except the first. */
function wrapText(margin: string, text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && margin.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return `${[...lines, line].join(`\n${margin}`)}\n`;
}
