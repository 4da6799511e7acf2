import { askParams } from "./nginx-params.js";
import { quoted, variableOf } from "./nginx-text.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** No request of a client ever gets there. */
const ASK = "/.tricorn/authorize";

/** What a denial was, where nginx would only know 401 and 403. */
const REDIRECTS = [301, 302, 303, 307, 308];
const DENIALS = [404, 410, 429];

/** Has a request allowed, in the location where it stands and in those inside. */
export function asking({ variables }: RoutingPlan): string[] {
  return [
    "# Whatever else may let a request pass, of all servers: an authorizer has to allow it as well.",
    "satisfy all;",
    `auth_request ${ASK};`,
    ...variables.map((name) => set(variableOf(name), `variable_${name}`)),
    set("$tricorn_status", "tricorn_status"),
    set("$tricorn_location", "tricorn_location"),
    set("$tricorn_cookie", "set_cookie"),
    "error_page 401 @tricorn_401;",
    "error_page 403 @tricorn_403;",
  ];
}

function set(variable: string, field: string): string {
  return `auth_request_set ${variable} $upstream_http_${field.toLowerCase()};`;
}

/** The location that asks the authorizers of the application, and those that show what they answered. */
export function askLocations({ deployment }: RoutingPlan): string[] {
  const { name } = deployment;
  return [
    ...paragraph(
      "Asks: to nginx an ordinary request, to the application, by TRICORN_BRIDGE, a question to its authorizers.",
      block(`location = ${ASK}`, [
        "internal;",
        ...askParams([["TRICORN_BRIDGE", "auth_request"]]),
        "fastcgi_pass_request_body off;",
        "# It has the length of a body without the body: the limit is that of the location which takes it.",
        "client_max_body_size 0;",
        `fastcgi_pass ${quoted(name)};`,
      ]),
    ),
    ...paragraph(
      "nginx knows 401 and 403 as denials alone: what it was else stands in a field of the answer.",
      block("location @tricorn_401", [
        "add_header Set-Cookie $tricorn_cookie always;",
        ...REDIRECTS.map(
          (status) => `if ($tricorn_status = ${status}) { return ${status} $tricorn_location; }`,
        ),
        "return 401;",
      ]),
    ),
    ...block("location @tricorn_403", [
      ...DENIALS.map((status) => `if ($tricorn_status = ${status}) { return ${status}; }`),
      "return 403;",
    ]),
  ];
}
