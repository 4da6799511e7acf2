import { apache } from "./apache/apache.js";
import { caddy } from "./caddy/caddy.js";
import type { ConfigurationWriter } from "./configuration.js";
import { h2o } from "./h2o.js";
import { haproxy } from "./haproxy/haproxy.js";
import { hiawatha } from "./hiawatha.js";
import { iis } from "./iis.js";
import { jetty } from "./jetty.js";
import { lighttpd } from "./lighttpd/lighttpd.js";
import { nginx } from "./nginx/nginx.js";
import { openLiteSpeed } from "./open-lite-speed.js";
import { openBsdHttpd } from "./openbsd-httpd.js";
import { systemd } from "./systemd/systemd.js";

/** The generators by the name of the Web server, as `tricorn config` accepts it. */
export const servers: Readonly<Record<string, ConfigurationWriter>> = {
  // In alphabetical order.
  apache,
  caddy,
  h2o,
  haproxy,
  hiawatha,
  iis,
  jetty,
  lighttpd,
  nginx,
  "openbsd-httpd": openBsdHttpd,
  openlitespeed: openLiteSpeed,
  systemd,
};
