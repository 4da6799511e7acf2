import { readFileSync } from "node:fs";

import { SHOP, type ExistingServer } from "../../support/web-servers/existing/existing-site.js";

/** Debian's Caddyfile, and a shop with HTTPS and PHP, whose front controller takes every path without a file. */
export const caddySites: ExistingServer = ({ www, shop, https, php, certificate }, added) => ({
  program: "caddy",
  args: () => ["run", "--config", "etc/Caddyfile", "--adapter", "caddyfile"],
  check: () => "caddy validate --config etc/Caddyfile --adapter caddyfile",
  env: ({ folder }) => ({ HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }),
  files: ({ port, folder }) => {
    const at = (text: string): string => text.replaceAll("/etc/caddy/", `${folder}/etc/`);
    const lines = added.additions.map(({ line }) => at(line)).join("\n");
    const debian = readFileSync("/etc/caddy/Caddyfile", "utf8")
      .replace(/^:80 \{$/m, `http://:${port} {\n\tbind 127.0.0.1\n${lines}`)
      .replace("/usr/share/caddy", www);
    const text = `{
  admin off
  auto_https off
}
${debian}
https://${SHOP}:${https} {
  bind 127.0.0.1
  tls ${certificate.cert} ${certificate.key}
  root * ${shop}
  header X-Shop yes
  encode gzip
  request_body {
    max_size 128MB
  }
  redir /old/* /new{uri} permanent
  handle /api/* {
    respond "api {uri}"
  }
  handle_path /static/* {
    root * ${shop}/static
    header Cache-Control "max-age=86400"
    file_server
  }
  try_files {path} /index.php
  php_fastcgi unix/${php}
  file_server
  handle_errors {
    rewrite * /404.html
    file_server
  }
  ${lines}
}
`;
    return {
      "etc/Caddyfile": text,
      ...Object.fromEntries(
        Object.entries(added.files).map(([path, content]) => [path.replace("/etc/caddy/", "etc/"), content]),
      ),
    };
  },
});
