import { ConfigurationError } from "../errors.js";
import { COMMAND_CURE } from "./command-cure.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { documented, documentedHead, mayServeFiles } from "./plan/documented.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { textOf } from "./text.js";
import { xmlComment, xmlText } from "./xml-text.js";

/** Writes web.config for IIS 7 and newer, as Microsoft documents it, and what applicationHost.config needs beside it. */
export function iis(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { command } = plan.deployment;
  if (command === undefined) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure IIS: it starts the application, and the deployment has no command; ${COMMAND_CURE}`,
    );
  }
  const [program, ...args] = command as [string, ...string[]];
  const processor = { program, args: args.map(windowsWord).join(" ") };
  const notes = [
    "Tricorn recognises the socket that a Web server hands to a program on Linux alone, and IIS hands on a pipe.",
    "The element fastCgi belongs into applicationHost.config.",
  ];
  return {
    ...documented(plan, { servesFiles: mayServeFiles(plan), notes }),
    files: [
      { name: "web.config", text: textOf(webConfig(plan, processor)) },
      { name: "applicationHost.fastCgi.config", text: textOf(fastCgi(plan, processor)) },
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

function fastCgi(plan: RoutingPlan, { program, args }: Processor): readonly string[] {
  const { timeout } = plan.deployment;
  return [
    ...documentedHead(plan, "IIS").map(xmlComment),
    "<fastCgi>",
    `  ${xmlComment("Else what an application writes to FCGI_STDERR turns its answer into a 500.")}`,
    `  <application fullPath="${xmlText(program)}" arguments="${xmlText(args)}"` +
      ` activityTimeout="${timeout}" requestTimeout="${timeout}" instanceMaxRequests="100000"` +
      ' stderrMode="IgnoreAndReturn200" signalBeforeTerminateSeconds="30" />',
    "</fastCgi>",
  ];
}

/** An argument as programs on Windows take their command line apart. */
function windowsWord(word: string): string {
  if (/^[^\s"]+$/.test(word)) return word;
  return `"${word.replaceAll(/(\\*)"/g, String.raw`$1$1\"`).replace(/(\\+)$/, "$1$1")}"`;
}
