import { readFileSync, readdirSync } from "node:fs";

import {
  SHOP,
  type ExistingServer,
  type SitePlace,
} from "../../support/web-servers/existing/existing-site.js";
import { replaced } from "./replaced.js";

/** Debian's lighttpd with its default site, and a shop with HTTPS and PHP that sets for itself whatever a condition can inherit. */
export const lighttpdSites: ExistingServer = (place, added) => ({
  program: "lighttpd",
  args: ({ folder }) => ["-D", "-f", `${folder}/etc/lighttpd.conf`],
  check: ({ folder }) => `lighttpd -tt -f ${folder}/etc/lighttpd.conf`,
  files: ({ port, folder, errorLog }) => {
    // Only what belongs to the sites is in a place of its own.
    const at = (text: string): string => text.replaceAll("/etc/lighttpd/", `${folder}/etc/`);
    const lines = added.additions.map(({ line }) => line).join("\n");
    const enabled = "/etc/lighttpd/conf-enabled";
    const main = defaultSite(place.www, { port, folder, errorLog });
    return {
      "etc/lighttpd.conf": at(`${main}\n${shopSite(place)}\n${lines}\n`),
      ...Object.fromEntries(
        readdirSync(enabled).map((name) => [
          `etc/conf-enabled/${name}`,
          readFileSync(`${enabled}/${name}`, "utf8"),
        ]),
      ),
      // What lighty-enable-mod does.
      ...Object.fromEntries(
        Object.entries(added.files).map(([path, text]) => [
          path.replace(/^\/etc\/lighttpd\//, "etc/").replace("conf-available", "conf-enabled"),
          text,
        ]),
      ),
    };
  },
});

interface DefaultOptions {
  readonly port: number;
  readonly folder: string;
  readonly errorLog: string;
}

/** Debian's file, on a free port. */
function defaultSite(www: string, { port, folder, errorLog }: DefaultOptions): string {
  return replaced(readFileSync("/etc/lighttpd/lighttpd.conf", "utf8"), [
    [/^server\.port .*/m, `server.port = ${port}\nserver.bind = "127.0.0.1"`],
    ["/var/www/html", www],
    ["/var/cache/lighttpd/uploads", folder],
    ["/var/log/lighttpd/error.log", errorLog],
    ["/run/lighttpd.pid", `${folder}/lighttpd.pid`],
    [/^server\.(?:username|groupname).*\n/gm, ""],
    [/^include_shell .*use-ipv6.*$/m, ""],
  ]);
}

function shopSite({ shop, https, php, certificate }: SitePlace): string {
  return `
server.modules += ("mod_openssl", "mod_fastcgi", "mod_rewrite", "mod_setenv", "mod_expire")
$SERVER["socket"] == "127.0.0.1:${https}" {
  ssl.engine = "enable"
  ssl.pemfile = "${certificate.cert}"
  ssl.privkey = "${certificate.key}"
}
$HTTP["host"] =~ "^${SHOP.replaceAll(".", "\\.")}(:|$)" {
  server.document-root = "${shop}"
  index-file.names = ("index.php", "index.html")
  url.access-deny = (".secret", ".md", "members/page")
  url.redirect = ("^/old/(.*)" => "/new/$1")
  url.redirect-code = 301
  url.rewrite-repeat = ("^/api/.*" => "/tool.php")
  url.rewrite-if-not-file = ("^/(?!static/)[^?]*(\\?.*)?$" => "/index.php$1")
  server.error-handler-404 = "/index.php"
  server.stream-request-body = 2
  server.max-request-size = 3000
  static-file.exclude-extensions = (".php", ".css")
  server.follow-symlink = "enable"
  setenv.add-response-header = ("X-Shop" => "yes")
  alias.url = ("/static" => "${shop}/static")
  fastcgi.server = (".php" => (("socket" => "${php}", "broken-scriptfilename" => "enable")))
}
`;
}
