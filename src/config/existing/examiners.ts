import { caddyExaminer } from "../caddy/caddy-existing.js";
import { haproxyExaminer } from "../haproxy/haproxy-existing.js";
import { nginxExaminer } from "../nginx/nginx-existing.js";
import type { Examiner } from "./examiner.js";

/** The examiners by the name of the Web server, as `tricorn config --existing` accepts it. */
export const examiners: Readonly<Record<string, Examiner>> = {
  // In alphabetical order.
  caddy: caddyExaminer,
  haproxy: haproxyExaminer,
  nginx: nginxExaminer,
};
