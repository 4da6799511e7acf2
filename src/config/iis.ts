import type { Configuration, ConfigurationSource } from "./configuration.js";
import { documented, documentedHead, mayServeFiles } from "./plan/documented.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { requireCommand } from "./program.js";
import { textOf } from "./text.js";
import { xmlComment, xmlText } from "./xml-text.js";

/** Generates web.config for IIS 7 or newer and the element for applicationHost.config, from Microsoft's documentation. */
export function iis(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const [program, ...args] = requireCommand(plan.deployment.command, "IIS") as [string, ...string[]];
  const processor = { program, args: args.map(windowsWord).join(" ") };
  const notes = [
    "IIS passes a pipe to the application, but Tricorn only accepts a socket, and only on Linux.",
    "Add the fastCgi element to applicationHost.config.",
  ];
  return {
    ...documented(plan, { servesFiles: mayServeFiles(plan), notes }),
    files: [
      { name: "web.config", text: textOf(webConfig(plan, processor)) },
      { name: "applicationHost.fastCgi.config", text: textOf(fastCgiElement(plan, processor)) },
    ],
    check: undefined,
    run: "iisreset",
  };
}

interface Processor {
  readonly program: string;
  readonly args: string;
}

function webConfig(plan: RoutingPlan, { program, args }: Processor): readonly string[] {
  const { name, maxBodyBytes, mount } = plan.deployment;
  const path = mount === "" ? "*" : `${mount.slice(1)}/*`;
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    ...documentedHead(plan, "IIS").map(xmlComment),
    "<configuration>",
    "  <system.webServer>",
    "    <handlers>",
    "      <clear />",
    ...(mayServeFiles(plan)
      ? [
          '      <add name="StaticFile" path="*" verb="GET,HEAD" modules="StaticFileModule" resourceType="File" requireAccess="Read" />',
        ]
      : []),
    `      <add name="${xmlText(name)}" path="${xmlText(path)}" verb="*" modules="FastCgiModule"` +
      ` scriptProcessor="${xmlText(args === "" ? program : `${program}|${args}`)}" resourceType="Unspecified" requireAccess="Script" />`,
    "    </handlers>",
    "    <security>",
    "      <requestFiltering>",
    `        <requestLimits maxAllowedContentLength="${maxBodyBytes}" />`,
    "      </requestFiltering>",
    "    </security>",
    '    <httpErrors existingResponse="PassThrough" />',
    "  </system.webServer>",
    "</configuration>",
  ];
}

/** What IIS accepts for activityTimeout, in seconds. */
const ACTIVITY = { least: 10, most: 3600 } as const;
/** The longest requestTimeout, in seconds: it ends a whole request, also one that streams. */
const REQUEST_TIMEOUT = 604_800;

function fastCgiElement(plan: RoutingPlan, { program, args }: Processor): readonly string[] {
  const activityTimeout = Math.min(Math.max(plan.deployment.timeout, ACTIVITY.least), ACTIVITY.most);
  return [
    ...documentedHead(plan, "IIS").map(xmlComment),
    "<fastCgi>",
    `  ${xmlComment("By default, IIS answers 500 if the application writes to FCGI_STDERR.")}`,
    `  <application fullPath="${xmlText(program)}" arguments="${xmlText(args)}"` +
      ` activityTimeout="${activityTimeout}" requestTimeout="${REQUEST_TIMEOUT}" instanceMaxRequests="100000"` +
      ' stderrMode="IgnoreAndReturn200" signalBeforeTerminateSeconds="30" />',
    "</fastCgi>",
  ];
}

/** Quotes an argument for the parser of Windows command lines. */
function windowsWord(word: string): string {
  if (/^[^\s"]+$/.test(word)) return word;
  return `"${word.replaceAll(/(\\*)"/g, String.raw`$1$1\"`).replace(/(\\+)$/, "$1$1")}"`;
}
