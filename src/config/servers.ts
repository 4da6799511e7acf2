import { apache } from "./apache.js";
import type { ConfigurationWriter } from "./configuration.js";
import { jetty } from "./jetty.js";
import { lighttpd } from "./lighttpd.js";

/** Who writes the configuration of which Web server, by the name that `tricorn config` takes. */
export const servers: Readonly<Record<string, ConfigurationWriter>> = {
  // One line for each, in the order of the alphabet.
  apache,
  jetty,
  lighttpd,
};
