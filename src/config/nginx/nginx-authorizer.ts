import { nginxNames } from "./nginx-names.js";
import { authorizerParams } from "./nginx-params.js";
import { nginxWord } from "./nginx-text.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** Statuses of denials that nginx does not support: `auth_request` accepts only 401 and 403. */
const REDIRECTS = [301, 302, 303, 307, 308];
const DENIALS = [404, 410, 429];

/** Directives that require an authorizer to allow a request, in a location and in those inside it. */
export function authorizationDirectives({ variables, deployment }: RoutingPlan): string[] {
  const { authorizePath, denied, variable, denial } = nginxNames(deployment);
  return [
    "# An authorizer must allow each request, even if a rule of another server allows it.",
    "satisfy all;",
    `auth_request ${nginxWord(authorizePath)};`,
    ...variables.map((name) => authRequestSet(variable(name), `variable_${name}`)),
    authRequestSet(denial("status"), "tricorn_status"),
    authRequestSet(denial("location"), "tricorn_location"),
    authRequestSet(denial("cookie"), "set_cookie"),
    `error_page 401 ${denied(401)};`,
    `error_page 403 ${denied(403)};`,
  ];
}

function authRequestSet(variable: string, field: string): string {
  return `auth_request_set ${variable} $upstream_http_${field.toLowerCase()};`;
}

/** The location that asks the application's authorizers. */
export function questionLocation({ deployment }: RoutingPlan): string[] {
  const { authorizePath, upstream } = nginxNames(deployment);
  return paragraph(
    "Asks the application's authorizers: TRICORN_BRIDGE marks the request as a question to them.",
    block(`location = ${nginxWord(authorizePath)}`, [
      "internal;",
      ...authorizerParams([["TRICORN_BRIDGE", "auth_request"]]),
      "fastcgi_pass_request_body off;",
      "# This request has the Content-Length of a body but no body: the location of the original request limits it.",
      "client_max_body_size 0;",
      `fastcgi_pass ${nginxWord(upstream)};`,
    ]),
  );
}

/** The locations that return the authorizers' denials. */
export function denialLocations({ deployment }: RoutingPlan): string[] {
  const { denied, denial } = nginxNames(deployment);
  const restored = (status: number): string => `if (${denial("status")} = ${status})`;
  return [
    ...paragraph(
      "nginx accepts only 401 and 403 as denials. A header field of the answer has the original status.",
      block(`location ${denied(401)}`, [
        `add_header Set-Cookie ${denial("cookie")} always;`,
        ...REDIRECTS.map((status) => `${restored(status)} { return ${status} ${denial("location")}; }`),
        "return 401;",
      ]),
    ),
    ...block(`location ${denied(403)}`, [
      ...DENIALS.map((status) => `${restored(status)} { return ${status}; }`),
      "return 403;",
    ]),
  ];
}
