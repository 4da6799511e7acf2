import type { WebServerKind } from "./web-server.js";

/** What HAProxy is told of a FastCGI application. */
export interface HaproxyApplication {
  /** `127.0.0.1:9000`, or the path of a unix socket. */
  readonly address: string;
  /** Lines of the fcgi-app section. */
  readonly options: readonly string[];
}

/** HAProxy in front of one FastCGI application. */
export function haproxy({ address, options }: HaproxyApplication): WebServerKind {
  const server = address.startsWith("/") ? `unix@${address}` : address;
  return {
    program: "haproxy",
    args: () => ["-db", "-f", "haproxy.cfg"],
    files: ({ port }) => ({
      "haproxy.cfg": `
global
  maxconn 500
  log stderr format raw local0

defaults
  mode http
  log global
  option abortonclose
  timeout connect 5s
  timeout client 30s
  timeout server 30s

frontend web
  bind 127.0.0.1:${port}
  default_backend application

backend application
  use-fcgi-app contract
  server contract ${server} proto fcgi

fcgi-app contract
  docroot /srv
  path-info ^(/app)(/.*)$
  log-stderr global
${options.map((option) => `  ${option}`).join("\n")}
`,
    }),
  };
}
