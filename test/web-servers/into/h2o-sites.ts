import { userInfo } from "node:os";
import { readFileSync } from "node:fs";

import { SHOP, type ExistingServer } from "../../support/web-servers/existing/existing-site.js";
import { replaced } from "./replaced.js";

/** Debian's H2O with its default site, and a shop with HTTPS and PHP. */
export const h2oSites: ExistingServer = ({ www, shop, https, php, certificate }, added) => ({
  program: "h2o",
  stopSignal: "SIGINT",
  args: () => ["-c", "etc/h2o.conf"],
  check: () => "h2o -t -c etc/h2o.conf",
  files: ({ port, folder, errorLog }) => {
    // Only what belongs to the sites is in a place of its own.
    const at = (text: string): string => text.replaceAll("/etc/h2o/", `${folder}/etc/`);
    const lines = at(added.additions.map(({ line }) => `      ${line}\n`).join(""));
    return {
      "etc/h2o.conf":
        replaced(readFileSync("/etc/h2o/h2o.conf", "utf8"), [
          [/^user: .*$/m, process.getuid?.() === 0 ? `user: ${userInfo().username}` : ""],
          [/^access-log: .*$/m, `access-log: ${folder}/access.log`],
          [/^error-log: .*$/m, `error-log: ${errorLog}`],
          [/^pid-file: .*$/m, `pid-file: ${folder}/h2o.pid\ntemp-buffer-path: ${folder}`],
          ["listen:\n  port: 80", "# The hosts listen."],
          ["  default:\n", `  default:\n    listen:\n      host: 127.0.0.1\n      port: ${port}\n`],
          ["/var/www", www],
          ["    paths:\n", `    # The paths of the site.\n    paths:\n${lines}`],
        ]) +
        `
  "${SHOP}:${https}":
    listen:
      host: 127.0.0.1
      port: ${https}
      ssl:
        certificate-file: ${certificate.cert}
        key-file: ${certificate.key}
    header.add: "X-Shop: yes"
    file.index: ["index.php", "index.html"]
    file.custom-handler:
      extension: .php
      fastcgi.connect:
        port: ${php}
        type: unix
    fastcgi.send-delegated-uri: ON
    fastcgi.timeout.keepalive: 1000
    paths:
      "/static":
        file.dir: ${shop}/static
        expires: 1 day
      "/old":
        redirect:
          url: /new
          status: 301
      "/api":
        redirect:
          url: /tool.php
          status: 307
          internal: YES
${lines}      "/":
        file.dir: ${shop}
`,
      ...Object.fromEntries(
        Object.entries(added.files).map(([path, text]) => [path.replace(/^\/etc\/h2o\//, "etc/"), text]),
      ),
    };
  },
});
