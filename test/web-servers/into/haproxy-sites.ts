import { readFileSync } from "node:fs";

import { SHOP, type ExistingServer } from "../../support/web-servers/existing/existing-site.js";

/** Debian's HAProxy with two frontends: static answers over HTTP, and HTTPS in front of PHP. */
export const haproxySites: ExistingServer = ({ www, shop, https, php, certificate }, added) => ({
  program: "haproxy",
  args: () => [
    "-db",
    "-f",
    "etc/haproxy.cfg",
    ...Object.keys(added.files).flatMap((path) => ["-f", at(path)]),
  ],
  check: () =>
    ["haproxy -c -f etc/haproxy.cfg", ...Object.keys(added.files).map((path) => `-f ${at(path)}`)].join(" "),
  files: ({ port }) => {
    // The other line is for the command above.
    const line = added.additions[0]?.line ?? "";
    return {
      "etc/haproxy.cfg": `${debian()}
frontend www
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/css file ${www}/style.css if { path /style.css }
  http-request return status 200 content-type text/plain string "www members" if { path /members/card.txt }
  http-request redirect location /folder/ code 301 if { path /folder }
  http-request set-header X-Seen yes
  ${line}
  use_backend php if { path_end .php }
  default_backend index

frontend shop
  bind 127.0.0.1:${https} ssl crt ${certificate.both} alpn h2,http/1.1
  http-response set-header X-Shop yes
  http-request deny deny_status 400 if { path /style.css } { method POST }
  http-request return status 200 content-type text/plain lf-string "api %[path]" if { path_beg /api/ }
  http-request redirect prefix https://${SHOP} code 301 if { path_beg /old/ }
  ${line}
  default_backend php

backend index
  http-request return status 200 content-type text/html file ${www}/index.html if { path / /index.html }
  http-request return status 404

backend php
  use-fcgi-app php
  server php unix@${php} proto fcgi

fcgi-app php
  docroot ${shop}
  index index.php
  path-info ^(/.+\\.php)(/.*)?$
`,
      ...Object.fromEntries(Object.entries(added.files).map(([path, text]) => [at(path), text])),
    };
  },
});

function at(path: string): string {
  return path.replace("/etc/haproxy/", "etc/");
}

/** Debian's file, for an ordinary start. */
function debian(): string {
  const text = readFileSync("/etc/haproxy/haproxy.cfg", "utf8");
  const own = /^\s*(?:chroot|stats|user|group|daemon|log \/dev\/log|log\s+\/dev\/log)\b.*$/gm;
  if (!own.test(text)) throw new Error("Debian's haproxy.cfg has other lines");
  return text.replaceAll(own, "");
}
