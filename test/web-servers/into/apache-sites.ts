import { readFileSync } from "node:fs";

import { SHOP, type ExistingServer } from "../../support/web-servers/existing/existing-site.js";
import { replaced } from "./replaced.js";

/** Debian's Apache with its default site, and a shop with HTTPS and PHP that sets for itself whatever a location can inherit. */
export const apacheSites: ExistingServer = ({ www, shop, https, php, certificate }, added) => ({
  program: "apache2",
  notAsRoot: true,
  args: ({ folder }) => ["-d", `${folder}/etc`, "-DFOREGROUND"],
  env: ({ folder }) => environment(folder),
  check: () =>
    [
      "cp -a /etc/apache2/. etc",
      `sed -i 's#<Directory /var/www/>#<Directory ${www}>#' etc/apache2.conf`,
      "cp -r own/. etc",
      ...(added.before === undefined ? [] : [`(${added.before})`]),
      "a2enmod -q http2 ssl proxy proxy_fcgi rewrite headers",
      "a2ensite -q shop",
      "APACHE_ENVVARS=/dev/null apache2ctl configtest",
    ].join(" && "),
  folders: () => ["etc"],
  files: ({ port, folder }) => {
    // Only what belongs to the sites is in a place of its own.
    const at = (text: string): string => text.replaceAll("/etc/apache2/", `${folder}/etc/`);
    const lines = added.additions.map(({ line }) => at(line)).join("\n");
    return {
      "own/ports.conf": `Listen 127.0.0.1:${port}\nListen 127.0.0.1:${https}\n`,
      "own/sites-available/000-default.conf": defaultSite({ port, www, folder, lines }),
      "own/sites-available/shop.conf": shopSite({ shop, https, php, certificate, lines }),
      ...Object.fromEntries(
        Object.entries(added.files).map(([path, text]) => [path.replace(/^\/etc\/apache2\//, "own/"), text]),
      ),
    };
  },
});

/** What Debian's envvars sets, in a place of its own. */
function environment(folder: string): Record<string, string> {
  return {
    APACHE_CONFDIR: `${folder}/etc`,
    APACHE_RUN_USER: "www-data",
    APACHE_RUN_GROUP: "www-data",
    APACHE_PID_FILE: `${folder}/apache2.pid`,
    APACHE_RUN_DIR: folder,
    APACHE_LOCK_DIR: folder,
    APACHE_LOG_DIR: folder,
  };
}

interface DefaultOptions {
  readonly port: number;
  readonly www: string;
  readonly folder: string;
  readonly lines: string;
}

/** Debian's file, on a free port. */
function defaultSite({ port, www, folder, lines }: DefaultOptions): string {
  return replaced(readFileSync("/etc/apache2/sites-available/000-default.conf", "utf8"), [
    ["<VirtualHost *:80>", `<VirtualHost 127.0.0.1:${port}>`],
    ["DocumentRoot /var/www/html", `DocumentRoot ${www}`],
    ["${APACHE_LOG_DIR}/access.log", `${folder}/access.log`],
    ["</VirtualHost>", `${lines}\n</VirtualHost>`],
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
<VirtualHost 127.0.0.1:${https}>
  ServerName ${SHOP}
  Protocols h2 http/1.1
  SSLEngine on
  SSLCertificateFile ${certificate.cert}
  SSLCertificateKeyFile ${certificate.key}
  DocumentRoot ${shop}

  AllowEncodedSlashes On
  MergeSlashes Off
  LimitRequestBody 4000000
  Header set X-Shop yes
  ErrorDocument 403 /404.html
  ErrorDocument 404 /404.html
  FallbackResource /index.php
  AddHandler type-map .txt
  <Directory ${shop}>
    Options None
    AllowOverride None
    Require all granted
  </Directory>
  <Location "/">
    Options None
    Satisfy any
    Require all granted
  </Location>
  <FilesMatch "\\.php$">
    SetHandler "proxy:unix:${php}|fcgi://localhost"
  </FilesMatch>
  <LocationMatch "\\.(?:css|txt|md|secret)$">
    Header set Cache-Control "max-age=3600"
  </LocationMatch>
  Redirect 301 /old /new
  Redirect 410 "/api"
  ProxyPass "/back/" "http://127.0.0.1:1/"
${lines}
</VirtualHost>
`;
}
