import { apacheExaminer } from "../apache/apache-existing.js";
import { caddyExaminer } from "../caddy/caddy-existing.js";
import { h2oExaminer } from "../h2o-existing.js";
import { haproxyExaminer } from "../haproxy/haproxy-existing.js";
import { lighttpdExaminer } from "../lighttpd/lighttpd-existing.js";
import { nginxExaminer } from "../nginx/nginx-existing.js";
import type { Examiner } from "./examiner.js";

/** The examiners by the name of the Web server, as `tricorn config --existing` accepts it. */
export const examiners: Readonly<Record<string, Examiner>> = {
  // In alphabetical order.
  apache: apacheExaminer,
  caddy: caddyExaminer,
  h2o: h2oExaminer,
  haproxy: haproxyExaminer,
  lighttpd: lighttpdExaminer,
  nginx: nginxExaminer,
};
