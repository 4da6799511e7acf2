import { apache } from "./apache.js";
import type { ConfigurationWriter } from "./configuration.js";
import { hiawatha } from "./hiawatha.js";
import { iis } from "./iis.js";
import { jetty } from "./jetty.js";
import { lighttpd } from "./lighttpd.js";
import { openLiteSpeed } from "./open-lite-speed.js";
import { openBsdHttpd } from "./openbsd-httpd.js";

/** Who writes the configuration of which Web server, by the name that `tricorn config` takes. */
export const servers: Readonly<Record<string, ConfigurationWriter>> = {
  // One line for each, in the order of the alphabet.
  apache,
  hiawatha,
  iis,
  jetty,
  lighttpd,
  "openbsd-httpd": openBsdHttpd,
  openlitespeed: openLiteSpeed,
};
