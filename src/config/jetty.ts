import { ConfigurationError } from "../errors.js";
import { isGlob } from "../paths/path-glob.js";
import { applicationSocket, hostAndPort } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { mountRegex } from "./plan/plan-regex.js";
import { commonNotes, needsOf } from "./plan/needs.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { textOf } from "./text.js";
import { xmlComment, xmlText } from "./xml-text.js";

/** What FastCGIProxyServlet needs of Debian's libjetty9-java and libjetty9-extra-java, and what those depend on. */
const JARS = [
  "servlet-api",
  ...[
    "client",
    "fcgi-client",
    "fcgi-server",
    "http",
    "io",
    "proxy",
    "security",
    "server",
    "servlet",
    "util",
    "xml",
  ].map((part) => `jetty9-${part}`),
];

/** The attributes in which a servlet that was forwarded to finds what the client has asked for (Servlet 4.0, section 9.4.2). */
const ORIGINAL_URI = "javax.servlet.forward.request_uri";
const ORIGINAL_QUERY = "javax.servlet.forward.query_string";

/** What is forwarded to where there is no file. */
const STAND_IN = "/.application";

/** Writes the configuration of Jetty 9.4, as Debian has it: a server that runs FastCGIProxyServlet. */
export function jetty(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { deployment } = plan;
  const { root, state } = deployment;
  const specs = filePathSpecs(plan);
  const classPath = JARS.map((jar) => `/usr/share/java/${jar}.jar`).join(":");
  return {
    files: [{ name: "jetty.xml", text: document(plan, specs) }],
    check: undefined,
    run: `java -cp ${classPath} org.eclipse.jetty.xml.XmlConfiguration jetty.xml`,
    // Jetty tells what lies below the mount undecoded.
    needs: needsOf(plan, { inProcess: true, sendsMount: false }),
    notes: [
      ...commonNotes(plan),
      "Jetty tells the Authorization header in AUTH_TYPE, and FCGI_STDERR in its debug log alone.",
      ...(root !== undefined && specs === undefined
        ? [
            "Jetty serves no files of the root here: it cannot ask whether one is protected, nor tell apart what a responder or a filter answers.",
          ]
        : []),
    ],
    folders: state === undefined ? [] : [state],
    isTested: true,
  };
}

function document(plan: RoutingPlan, specs: readonly string[] | undefined): string {
  const { name, bind, port, maxBodyBytes, mount } = plan.deployment;
  const context = specs === undefined ? proxyServlet(plan, [`${mount}/*`]) : withFiles(plan, specs);
  const lines = [
    '<?xml version="1.0"?>',
    '<!DOCTYPE Configure PUBLIC "-//Jetty//Configure//EN" "https://www.eclipse.org/jetty/configure_9_3.dtd">',
    xmlComment(`Jetty 9.4 in front of ${name}.`),
    '<Configure id="Server" class="org.eclipse.jetty.server.Server">',
    '  <Call name="addConnector"><Arg>',
    '    <New class="org.eclipse.jetty.server.ServerConnector">',
    '      <Arg><Ref refid="Server"/></Arg>',
    ...(bind === undefined
      ? []
      : [`      <Set name="host">${xmlText(bind.replaceAll(/^\[|\]$/g, ""))}</Set>`]),
    `      <Set name="port">${port}</Set>`,
    `      ${xmlComment("Else the pieces of an answer wait until there are 8 KiB of them.")}`,
    '      <Get name="defaultConnectionFactory"><Get name="httpConfiguration">',
    '        <Set name="outputAggregationSize">0</Set>',
    "      </Get></Get>",
    "    </New>",
    "  </Arg></Call>",
    '  <Set name="handler">',
    `    ${xmlComment("The largest request body, in bytes; answers have no limit.")}`,
    '    <New class="org.eclipse.jetty.server.handler.SizeLimitHandler">',
    `      <Arg type="long">${maxBodyBytes}</Arg>`,
    '      <Arg type="long">-1</Arg>',
    '      <Set name="handler">',
    '        <New class="org.eclipse.jetty.servlet.ServletContextHandler">',
    '          <Set name="contextPath">/</Set>',
    ...context.map((line) => `          ${line}`),
    "        </New>",
    "      </Set>",
    "    </New>",
    "  </Set>",
    "</Configure>",
  ];
  return textOf(lines);
}

/** The servlet that translates, for what these specifications cover. */
function proxyServlet({ deployment }: RoutingPlan, [first, ...others]: readonly string[]): string[] {
  const { listen, mount, root, timeout } = deployment;
  const socket = applicationSocket(listen);
  if (socket.kind === "unix") {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure Jetty: it connects over TCP only, and listen is ${listen}; listen on 127.0.0.1:9000`,
    );
  }
  const parameters = {
    // HTTP is the scheme of what the servlet translates; it speaks FastCGI to that address.
    proxyTo: `http://${hostAndPort(socket)}`,
    scriptRoot: root ?? "/",
    // What of the path is the mount, and what lies below it.
    ...(mount !== "" && { scriptPattern: `(${mountRegex(mount)})(/.*)` }),
    originalURIAttribute: ORIGINAL_URI,
    originalQueryAttribute: ORIGINAL_QUERY,
    timeout: String(timeout * 1000),
    // Sooner, it would end a request that waits for its answer.
    idleTimeout: String(timeout * 1000 + 1000),
  };
  return [
    xmlComment(
      "The application. HTTP is the scheme of what this translates: it speaks FastCGI to that address.",
    ),
    '<Call name="addServlet" id="application">',
    "  <Arg>org.eclipse.jetty.fcgi.server.proxy.FastCGIProxyServlet</Arg>",
    `  <Arg>${xmlText(first!)}</Arg>`,
    '  <Set name="asyncSupported">true</Set>',
    ...Object.entries(parameters).map(([name, value]) => `  ${initParameter(name, value)}`),
    "</Call>",
    ...others.map(
      (spec) =>
        `<Call name="addServlet"><Arg><Ref refid="application"/></Arg><Arg>${xmlText(spec)}</Arg></Call>`,
    ),
  ];
}

function initParameter(name: string, value: string): string {
  return `<Call name="setInitParameter"><Arg>${name}</Arg><Arg>${xmlText(value)}</Arg></Call>`;
}

/**
 * The path specifications that lead past files to the application, each to more rather than less; undefined where files
 * cannot be told apart from what must not be served as it is. Jetty knows "/books/*", "*.txt" and single paths.
 */
function filePathSpecs({
  deployment,
  protect,
  filter,
  respond,
  streams,
}: RoutingPlan): readonly string[] | undefined {
  if (deployment.root === undefined || deployment.mount !== "" || protect.length > 0) return undefined;
  const specs = [...(respond ?? []), ...streams].map(pathSpecOf);
  const byName = filter.map((glob) => (/^\*\.[A-Za-z0-9]+$/.test(glob) ? glob : undefined));
  const all = [...new Set([...specs, ...byName])];
  return all.every((spec) => spec !== undefined && spec !== "/*") ? (all as readonly string[]) : undefined;
}

function pathSpecOf(glob: string): string {
  // The empty one is the root alone.
  if (!isGlob(glob)) return glob === "/" ? "" : glob;
  const start = glob.slice(0, glob.search(/[*?[\]{}()!\\]/));
  return `${start.slice(0, start.lastIndexOf("/"))}/*`;
}

/** Files of the root where there are any, and the application for the rest. */
function withFiles(plan: RoutingPlan, specs: readonly string[]): string[] {
  return [
    `<Set name="resourceBase">${xmlText(plan.deployment.root!)}</Set>`,
    ...(plan.deployment.links === "followed"
      ? []
      : [
          xmlComment("A link could lead out of the root. The root itself must not be reached by one either."),
          '<Call name="clearAliasChecks"/>',
        ]),
    xmlComment("Where there is no file, the application is asked."),
    '<Call name="addFilter">',
    "  <Arg>org.eclipse.jetty.fcgi.server.proxy.TryFilesFilter</Arg>",
    "  <Arg>/*</Arg>",
    '  <Arg><Call class="java.util.EnumSet" name="of"><Arg>',
    '    <Get class="javax.servlet.DispatcherType" name="REQUEST"/>',
    "  </Arg></Call></Arg>",
    '  <Set name="asyncSupported">true</Set>',
    `  ${initParameter("files", `$path ${STAND_IN}`)}`,
    "</Call>",
    ...proxyServlet(plan, [STAND_IN, ...specs]),
    '<Call name="addServlet">',
    "  <Arg>org.eclipse.jetty.servlet.DefaultServlet</Arg>",
    "  <Arg>/</Arg>",
    `  ${initParameter("dirAllowed", "false")}`,
    "</Call>",
  ];
}
