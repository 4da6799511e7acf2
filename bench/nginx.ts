import { writeFileSync } from "node:fs";

import type { Protocol } from "./request.js";
import { startServer, type ServerProcess } from "./server-process.js";
import { freshPath, peersFolder, runFolder } from "./workplace.js";

/** Starts an nginx in front of a backend; it listens for HTTP on a unix socket. */
export async function startNginx(backend: string, protocol: Protocol): Promise<ServerProcess> {
  const socket = freshPath("nginx.sock");
  const file = freshPath("nginx.conf");
  writeFileSync(file, configuration({ backend, protocol, socket }));
  return startServer(["/usr/sbin/nginx", "-c", file, "-e", "stderr"], socket);
}

interface Facts {
  readonly backend: string;
  readonly protocol: Protocol;
  readonly socket: string;
}

/** A usual configuration: kept connections to the backend, buffers that hold the cases' bodies, no access log. */
function configuration({ backend, protocol, socket }: Facts): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${runFolder}/nginx-${name};`)
    .join("\n");
  const location =
    protocol === "http"
      ? `proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_buffers 16 16k;`
      : `fastcgi_pass backend;
      fastcgi_keep_conn on;
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME ${peersFolder}php-fpm.php;
      fastcgi_buffers 16 16k;`;
  return `${process.getuid?.() === 0 ? "user root;\n" : ""}daemon off;
worker_processes 1;
pid ${freshPath("nginx.pid")};
error_log stderr error;
events { worker_connections 1024; }
http {
${temporary}
  access_log off;
  client_body_buffer_size 128k;
  client_max_body_size 0;
  keepalive_requests 100000000;
  upstream backend { server unix:${backend}; keepalive 32; keepalive_requests 100000000; }
  server {
    listen unix:${socket};
    location / {
      ${location}
    }
  }
}
`;
}
