import { readFileSync } from "node:fs";
import { join } from "node:path";

import { nginx } from "../../support/web-servers/nginx.js";
import { WebServer, type WebServerKind } from "../../support/web-servers/web-server.js";

/** What stands between the load and the target. */
export interface FrontOptions {
  /** Where the target listens. */
  readonly addresses: readonly string[];
  /** How many idle connections nginx keeps; with 0, each request has a connection of its own. */
  readonly keep: number;
  readonly params?: Readonly<Record<string, string>>;
}

/** What the Web server noticed of it. */
export interface FrontRecord {
  /** Requests that it sent twice. */
  readonly retried: number;
  /** Lines of its error log from `error` on, and how often each came, without what differs. */
  readonly errorLines: Readonly<Record<string, number>>;
}

/** nginx with kept connections to a target, and an access log with the status of each attempt. */
export function drillNginx({ addresses, keep, params = {} }: FrontOptions): WebServerKind {
  return nginx(({ folder }) => ({
    http: `
  log_format attempts '$request_method $status "$upstream_status"';
  upstream application {
${addresses.map((address) => `    server ${address};`).join("\n")}
${keep > 0 ? `    keepalive ${keep};` : ""}
  }`,
    server: `
    access_log ${folder}/access.log attempts;
    location / {
      fastcgi_pass application;
      fastcgi_keep_conn ${keep > 0 ? "on" : "off"};
      fastcgi_request_buffering off;
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_NAME "";
      fastcgi_param PATH_INFO $document_uri;
${Object.entries(params)
  .map(([name, value]) => `      fastcgi_param ${name} ${value};`)
  .join("\n")}
    }`,
  }));
}

/** What is in the logs of nginx; the access log is only that of {@link drillNginx}. */
export function readLogs({ folder, errorLog }: WebServer): FrontRecord {
  const attempts = readFileSync(join(folder, "access.log"), "utf8").split("\n");
  return {
    retried: attempts.filter((line) => /".*, .*"/.test(line)).length,
    errorLines: errorLinesOf(errorLog),
  };
}

/** Lines of an error log of nginx or Apache that report an error, and how often each came. */
export function errorLinesOf(log: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of log.split("\n")) {
    const [, fact] =
      /\[(?:error|crit|alert|emerg)\] \d+#\d+: (?:\*\d+ )?(.*?)(?:, client:.*)?$/.exec(line) ?? [];
    if (fact !== undefined) counts[fact] = (counts[fact] ?? 0) + 1;
  }
  return counts;
}
