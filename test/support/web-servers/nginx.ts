import { userInfo } from "node:os";

import type { Place, WebServerKind } from "./web-server.js";

/** Parts of an nginx configuration. */
export interface NginxParts {
  /** What stands beside the server: upstreams. */
  readonly http?: string;
  /** The locations. */
  readonly server: string;
}

/** nginx with the parameters that Debian ships for FastCGI. */
export function nginx(write: (place: Place) => NginxParts): WebServerKind {
  return {
    program: "nginx",
    args: ({ folder }) => ["-p", folder, "-c", "nginx.conf", "-g", "daemon off;"],
    files: (place) => ({ "nginx.conf": configuration(place, write(place)), "temporary/.keep": "" }),
  };
}

function configuration({ port, folder }: Place, { http = "", server }: NginxParts): string {
  // The master started as root would else hand its workers to a user who cannot enter the temporary folders.
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : "";
  return `
${user}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr info;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 100000;
  client_max_body_size 64m;
  client_body_temp_path ${folder}/temporary/body;
  fastcgi_temp_path ${folder}/temporary/fastcgi;
  proxy_temp_path ${folder}/temporary/proxy;
  uwsgi_temp_path ${folder}/temporary/uwsgi;
  scgi_temp_path ${folder}/temporary/scgi;
  include /etc/nginx/fastcgi_params;
${http}
  server {
    listen 127.0.0.1:${port};
${server}
  }
}
`;
}
