import { ConfigurationError } from "../errors.js";
import { isGlob } from "../paths/path-glob.js";
import { applicationSocket, hostAndPort, onlyUpstream } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { mountRegex } from "./plan/plan-regex.js";
import { commonNotes, needsOf } from "./plan/needs.js";
import { FALLBACK_PATH, routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { textOf } from "./text.js";
import { xmlComment, xmlText } from "./xml-text.js";

/** The JAR files of FastCGIProxyServlet in Debian's libjetty9-java, libjetty9-extra-java and their dependencies. */
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

/** The attributes with the client's request after a forward (Servlet 4.0, section 9.4.2). */
const ORIGINAL_URI = "javax.servlet.forward.request_uri";
const ORIGINAL_QUERY = "javax.servlet.forward.query_string";

/** Generates the configuration of Debian's Jetty 9.4, with FastCGIProxyServlet. */
export function jetty(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { deployment } = plan;
  const { root, state } = deployment;
  const specs = filePathSpecs(plan);
  const classPath = JARS.map((jar) => `/usr/share/java/${jar}.jar`).join(":");
  return {
    files: [{ name: "jetty.xml", text: jettyXml(plan, specs) }],
    check: undefined,
    run: `java -cp ${classPath} org.eclipse.jetty.xml.XmlConfiguration jetty.xml`,
    // Jetty sends the path below the mount undecoded.
    needs: needsOf(plan, { inProcess: true, sendsMount: false }),
    notes: [
      ...commonNotes(plan),
      "Jetty sends the Authorization header as AUTH_TYPE, and logs FCGI_STDERR only in its debug log.",
      ...(root !== undefined && specs === undefined
        ? [
            "Jetty serves no files of the root here: it cannot ask an authorizer, and cannot match these routes and filters.",
          ]
        : []),
    ],
    folders: state === undefined ? [] : [state],
    isTested: true,
  };
}

function jettyXml(plan: RoutingPlan, specs: readonly string[] | undefined): string {
  const { name, bind, port, maxBodyBytes, mount } = plan.deployment;
  const context = specs === undefined ? proxyServlet(plan, [`${mount}/*`]) : fileServlets(plan, specs);
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
    `      ${xmlComment("By default, Jetty buffers responses up to 8 KiB.")}`,
    '      <Get name="defaultConnectionFactory"><Get name="httpConfiguration">',
    '        <Set name="outputAggregationSize">0</Set>',
    "      </Get></Get>",
    "    </New>",
    "  </Arg></Call>",
    '  <Set name="handler">',
    `    ${xmlComment("The maximum size of a request body, in bytes; response bodies have no limit.")}`,
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

/** FastCGIProxyServlet, mapped to path specifications. */
function proxyServlet({ deployment }: RoutingPlan, [first, ...others]: readonly string[]): string[] {
  const { mount, root, timeout } = deployment;
  const listen = onlyUpstream(deployment);
  const socket = applicationSocket(listen);
  if (socket.kind === "unix") {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure Jetty: it connects over TCP only, and listen is ${listen}; listen on 127.0.0.1:9000`,
    );
  }
  const parameters = {
    proxyTo: `http://${hostAndPort(socket)}`,
    scriptRoot: root ?? "/",
    // SCRIPT_NAME is the mount, and PATH_INFO is the path below it.
    ...(mount !== "" && { scriptPattern: `(${mountRegex(mount)})(/.*)` }),
    originalURIAttribute: ORIGINAL_URI,
    originalQueryAttribute: ORIGINAL_QUERY,
    timeout: String(timeout * 1000),
    // A shorter one would end a request that waits for its response.
    idleTimeout: String(timeout * 1000 + 1000),
  };
  return [
    xmlComment("The application. Jetty connects over FastCGI: http is the scheme of the translated request."),
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
 * The path specifications of the application; they may cover more than its globs, but not less. Undefined if Jetty must not serve
 * files, because they cannot express what is protected, filtered or a route: Jetty supports "/books/*", "*.txt" and exact paths.
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
  // An empty specification is exactly the root.
  if (!isGlob(glob)) return glob === "/" ? "" : glob;
  const start = glob.slice(0, glob.search(/[*?[\]{}()!\\]/));
  return `${start.slice(0, start.lastIndexOf("/"))}/*`;
}

/** Serves files of the root, and sends all other requests to the application. */
function fileServlets(plan: RoutingPlan, specs: readonly string[]): string[] {
  return [
    `<Set name="resourceBase">${xmlText(plan.deployment.root!)}</Set>`,
    ...(plan.deployment.links === "followed"
      ? []
      : [
          xmlComment(
            "A symbolic link could lead out of the root. The path of the root must not contain one either.",
          ),
          '<Call name="clearAliasChecks"/>',
        ]),
    xmlComment("Requests without a file go to the application."),
    '<Call name="addFilter">',
    "  <Arg>org.eclipse.jetty.fcgi.server.proxy.TryFilesFilter</Arg>",
    "  <Arg>/*</Arg>",
    '  <Arg><Call class="java.util.EnumSet" name="of"><Arg>',
    '    <Get class="javax.servlet.DispatcherType" name="REQUEST"/>',
    "  </Arg></Call></Arg>",
    '  <Set name="asyncSupported">true</Set>',
    `  ${initParameter("files", `$path ${FALLBACK_PATH}`)}`,
    "</Call>",
    ...proxyServlet(plan, [FALLBACK_PATH, ...specs]),
    '<Call name="addServlet">',
    "  <Arg>org.eclipse.jetty.servlet.DefaultServlet</Arg>",
    "  <Arg>/</Arg>",
    `  ${initParameter("dirAllowed", "false")}`,
    "</Call>",
  ];
}
