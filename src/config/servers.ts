import { h2o } from "./h2o.js";
import { haproxy } from "./haproxy.js";
import { nginx } from "./nginx.js";
import { caddy } from "./caddy.js";
import { systemd } from "./systemd.js";
import type { ConfigurationWriter } from "./configuration.js";

/** Who writes the configuration of which Web server, by the name that `tricorn config` takes. */
export const servers: Readonly<Record<string, ConfigurationWriter>> = {
  // One line for each, in the order of the alphabet.
  caddy,
  h2o,
  haproxy,
  nginx,
  systemd,
};
