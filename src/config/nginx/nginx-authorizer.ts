import { authorizerParams } from "./nginx-params.js";
import { nginxWord, nginxVariable } from "./nginx-text.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** An internal location: client requests cannot reach it. */
const AUTHORIZE_PATH = "/.tricorn/authorize";

/** Statuses of denials that nginx does not support: `auth_request` accepts only 401 and 403. */
const REDIRECTS = [301, 302, 303, 307, 308];
const DENIALS = [404, 410, 429];

/** Directives that require an authorizer to allow a request, in a location and in those inside it. */
export function authorizationDirectives({ variables }: RoutingPlan): string[] {
  return [
    "# An authorizer must allow each request, even if a rule of another server allows it.",
    "satisfy all;",
    `auth_request ${AUTHORIZE_PATH};`,
    ...variables.map((name) => authRequestSet(nginxVariable(name), `variable_${name}`)),
    authRequestSet("$tricorn_status", "tricorn_status"),
    authRequestSet("$tricorn_location", "tricorn_location"),
    authRequestSet("$tricorn_cookie", "set_cookie"),
    "error_page 401 @tricorn_401;",
    "error_page 403 @tricorn_403;",
  ];
}

function authRequestSet(variable: string, field: string): string {
  return `auth_request_set ${variable} $upstream_http_${field.toLowerCase()};`;
}

/** The location that asks the application's authorizers, and those that return their denials. */
export function authorizationLocations({ deployment }: RoutingPlan): string[] {
  const { name } = deployment;
  return [
    ...paragraph(
      "Asks the application's authorizers: TRICORN_BRIDGE marks the request as a question to them.",
      block(`location = ${AUTHORIZE_PATH}`, [
        "internal;",
        ...authorizerParams([["TRICORN_BRIDGE", "auth_request"]]),
        "fastcgi_pass_request_body off;",
        "# This request has the Content-Length of a body but no body: the location of the original request limits it.",
        "client_max_body_size 0;",
        `fastcgi_pass ${nginxWord(name)};`,
      ]),
    ),
    ...paragraph(
      "nginx accepts only 401 and 403 as denials. A header field of the answer has the original status.",
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
