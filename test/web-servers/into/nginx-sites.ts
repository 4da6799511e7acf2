import { readFileSync } from "node:fs";
import { userInfo } from "node:os";

import { SHOP, type ExistingServer } from "../../support/web-servers/existing/existing-site.js";
import { replaced } from "./replaced.js";

/** Debian's nginx with its default site, and a shop with HTTPS and PHP that sets for itself whatever a location can inherit. */
export const nginxSites: ExistingServer = ({ www, shop, https, php, certificate }, added) => ({
  program: "nginx",
  args: ({ folder }) => ["-p", folder, "-c", `${folder}/etc/nginx.conf`, "-g", "daemon off;"],
  check: ({ folder }) => `nginx -t -p ${folder} -c ${folder}/etc/nginx.conf`,
  files: ({ port, folder }) => {
    // Only what belongs to the sites is in a place of its own.
    const at = (text: string): string =>
      text.replaceAll(/\/etc\/nginx\/(?=sites-enabled|conf\.d|snippets\/tricorn-)/g, `${folder}/etc/`);
    const lines = added.additions.map(({ line }) => at(line)).join("\n");
    return {
      "etc/nginx.conf": at(mainFile(folder)),
      "etc/sites-enabled/default": defaultSite(port, www).replace(/\n\tserver_name _;/, `$&\n${lines}`),
      "etc/sites-enabled/shop": at(shopSite({ shop, https, php, certificate, lines })),
      "tmp/.keep": "",
      // Debian's snippet includes this by a relative name.
      "etc/fastcgi.conf": readFileSync("/etc/nginx/fastcgi.conf", "utf8"),
      ...Object.fromEntries(
        Object.entries(added.files).map(([path, text]) => [path.replace(/^\/etc\/nginx\//, "etc/"), text]),
      ),
    };
  },
});

/** Debian's file, with a place of its own. */
function mainFile(folder: string): string {
  const paths = ["client_body", "fastcgi", "proxy", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/tmp/${name};`,
  );
  const fastcgiCache = `fastcgi_cache_path ${folder}/tmp/cache keys_zone=shop:1m;`;
  return replaced(readFileSync("/etc/nginx/nginx.conf", "utf8"), [
    [/^user .*$/m, process.getuid?.() === 0 ? `user ${userInfo().username};` : ""],
    [/^pid .*$/m, `pid ${folder}/nginx.pid;`],
    [/^error_log .*$/m, "error_log stderr info;"],
    [/^include \/etc\/nginx\/modules-enabled.*$/m, ""],
    [/access_log .*$/m, `access_log off; ${paths.join(" ")} ${fastcgiCache}`],
  ]);
}

/** Debian's file, on a free port. */
function defaultSite(port: number, root: string): string {
  return replaced(readFileSync("/etc/nginx/sites-available/default", "utf8"), [
    ["\tlisten 80 default_server;", `\tlisten 127.0.0.1:${port} default_server;`],
    ["\tlisten [::]:80 default_server;\n", ""],
    ["\troot /var/www/html;", `\troot ${root};`],
  ]);
}

interface ShopOptions {
  readonly shop: string;
  readonly https: number;
  readonly php: string;
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly lines: string;
}

function shopSite({ shop, https, php, certificate, lines }: ShopOptions): string {
  return `
server {
  listen 127.0.0.1:${https} ssl http2;
  server_name ${SHOP};
  ssl_certificate ${certificate.cert};
  ssl_certificate_key ${certificate.key};
  root ${shop};
  index index.php index.html;

  error_page 403 404 /404.html;
  error_page 500 502 =200 /404.html;
  fastcgi_intercept_errors on;
  fastcgi_ignore_client_abort on;
  fastcgi_pass_request_headers off;
  fastcgi_cache shop;
  fastcgi_cache_key $scheme$host;
  fastcgi_cache_valid 200 1m;
  fastcgi_param SCRIPT_FILENAME /nowhere;
  fastcgi_index index.php;
  satisfy any;
  allow all;
  add_header X-Shop yes;
  merge_slashes off;

  location / {
    try_files $uri $uri/ /index.php?$query_string;
  }
  location ~ \\.php(/|$) {
    fastcgi_cache off;
    fastcgi_pass_request_headers on;
    include /etc/nginx/snippets/fastcgi-php.conf;
    fastcgi_pass unix:${php};
  }
  location ^~ /static/ {
    expires max;
  }
  location /old/ {
    rewrite ^/old/(.*)$ /new/$1 permanent;
  }
  location /api/ {
    return 200 "api $uri\\n";
  }
  location ~* \\.(?:css|txt|md|secret)$ {
    expires epoch;
  }
  location ~ /\\.ht {
    deny all;
  }
${lines}
}
`;
}
