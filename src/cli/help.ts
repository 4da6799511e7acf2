import type { DeploymentOption } from "../config/deployment-options.js";
import { servers } from "../config/servers.js";
import { commandOptions } from "./config-arguments.js";

const WIDTH = 100;
const INDENT = 28;

const MODULE =
  "module is JavaScript that exports an application as `application`, controllers as `controllers`, or a default of " +
  "either, or that serves one. Nothing is served meanwhile. Without it, all requests go to a responder.";

/** What `tricorn --help` prints. */
export function help(): string {
  return `Usage: tricorn <command>

  config <server> [module]   writes the configuration of a Web server for an application
  --help                     this text; tricorn config --help for that of the command
  --version                  the version of Tricorn
`;
}

/** What `tricorn config --help` prints. */
export function configHelp(): string {
  const own: readonly (readonly [string, string])[] = [
    ["--deployment <file>", "a deployment as JSON, or what --json printed; options go before it"],
    ["--site", "only the part to drop into an existing configuration"],
    ["--out <folder>", "writes the files there, and says what comes next; else they are printed"],
    ["--json", "prints the deployment, with everything that was left out, and what the application answers"],
    ["-- <command> …", "the command that runs the application, for what starts it"],
  ];
  const names = Object.keys(servers).join(", ");
  return `Usage: tricorn config <server> [module] [options] [-- command …]

${wrapped("", `Prints the configuration of a Web server: ${names}.`)}
${wrapped("", MODULE)}
${own.map(([option, meaning]) => line(option, meaning)).join("")}
What is deployed:

${commandOptions().map(optionLine).join("")}
Example: tricorn config nginx dist/application.js --port 8080 --state run --out .
`;
}

function optionLine(option: DeploymentOption): string {
  const { name, kind, choices, default: value, description } = option;
  const argument = choices === undefined ? (kind === "number" ? "<n>" : "<text>") : "<one>";
  const facts = [
    description,
    ...(choices === undefined ? [] : [`one of ${choices.join(", ")}`]),
    ...(kind === "list" ? ["may come more than once"] : []),
    ...(value === undefined || value === "" ? [] : [`default: ${value}`]),
  ];
  return line(`--${name} ${argument}`, facts.join("; "));
}

/** An option and what it means. */
function line(option: string, meaning: string): string {
  const name = `  ${option}`;
  const margin = " ".repeat(INDENT);
  // A long name has a line of its own.
  return name.length > INDENT - 2
    ? `${name}\n${margin}${wrapped(margin, meaning)}`
    : name.padEnd(INDENT) + wrapped(margin, meaning);
}

/** A text in lines that are not too long, all but the first one behind a margin. */
function wrapped(margin: string, text: string): string {
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
