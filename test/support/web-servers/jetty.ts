import type { WebServerKind } from "./web-server.js";

/** What Jetty 9.4 with its FastCGIProxyServlet needs of libjetty9-java, libjetty9-extra-java and what those depend on. */
const JARS = [
  "servlet-api",
  ...["util", "io", "http", "security", "server", "servlet", "xml", "client", "proxy"].map(named),
  ...["fcgi-client", "fcgi-server"].map(named),
];

/** One compiler and one thread for garbage: it starts in half a second on one core. */
const FAST_START = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];

/** The arguments of `java` that run Jetty with a configuration of this name. */
function jettyArguments(configuration: string): readonly string[] {
  const classPath = JARS.map((jar) => `/usr/share/java/${jar}.jar`).join(":");
  return [...FAST_START, "-cp", classPath, "org.eclipse.jetty.xml.XmlConfiguration", configuration];
}

/** What Jetty is told of a FastCGI application. */
export interface JettyApplication {
  /** `127.0.0.1:9000`: it knows TCP alone. */
  readonly address: string;
  /** Further parameters of its FastCGIProxyServlet. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Further connectors, as XML. */
  readonly connectors?: string;
}

/** Jetty in front of one FastCGI application. */
export function jetty(application: JettyApplication): WebServerKind {
  return {
    program: "java",
    args: () => jettyArguments("jetty.xml"),
    files: ({ port }) => ({ "jetty.xml": configuration(port, application) }),
  };
}

function configuration(
  port: number,
  { address, parameters = {}, connectors = "" }: JettyApplication,
): string {
  // HTTP is the scheme of what the servlet translates; it speaks FastCGI to that address.
  const all = { proxyTo: `http://${address}`, scriptRoot: "/srv", ...parameters };
  const lines = Object.entries(all).map(
    ([name, value]) => `<Call name="setInitParameter"><Arg>${name}</Arg><Arg>${xml(value)}</Arg></Call>`,
  );
  return `<?xml version="1.0"?>
<!DOCTYPE Configure PUBLIC "-//Jetty//Configure//EN" "https://www.eclipse.org/jetty/configure_9_3.dtd">
<Configure id="Server" class="org.eclipse.jetty.server.Server">
  <Call name="addConnector"><Arg>
    <New class="org.eclipse.jetty.server.ServerConnector">
      <Arg><Ref refid="Server"/></Arg>
      <Set name="host">127.0.0.1</Set>
      <Set name="port">${port}</Set>
    </New>
  </Arg></Call>
  ${connectors}
  <Set name="handler">
    <New class="org.eclipse.jetty.servlet.ServletContextHandler">
      <Set name="contextPath">/</Set>
      <Call name="addServlet">
        <Arg>org.eclipse.jetty.fcgi.server.proxy.FastCGIProxyServlet</Arg>
        <Arg>/*</Arg>
        <Set name="asyncSupported">true</Set>
        ${lines.join("\n        ")}
      </Call>
    </New>
  </Set>
</Configure>
`;
}

function named(part: string): string {
  return `jetty9-${part}`;
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
