import {
  apacheAuthnzBasic,
  apacheAuthnzCheck,
  apacheAuthnzRequire,
  apacheFcgid,
  apacheFcgidAccess,
  apacheProxyPass,
  apacheSetHandler,
} from "./apache.js";
import { caddy } from "./caddy.js";
import { h2o } from "./h2o.js";
import { haproxy } from "./haproxy.js";
import type { Passing } from "./http-request.js";
import { jetty } from "./jetty.js";
import { lighttpdAuthorizer, lighttpdResponder } from "./lighttpd.js";
import { nginxAuthRequest, nginxResponder } from "./nginx.js";

/** How each Web server passes a request on to a responder. */
export const responderPassings = {
  nginx: nginxResponder,
  "apache-proxypass": apacheProxyPass,
  "apache-sethandler": apacheSetHandler,
  "apache-fcgid": apacheFcgid,
  lighttpd: lighttpdResponder,
  caddy,
  haproxy,
  h2o,
  jetty,
} as const satisfies Readonly<Record<string, Passing>>;

/** How each Web server asks an authorizer; nginx by a request in the responder role. */
export const authorizerPassings = {
  nginx: nginxAuthRequest,
  "apache-authnz-basic": apacheAuthnzBasic,
  "apache-authnz-check": apacheAuthnzCheck,
  "apache-authnz-require": apacheAuthnzRequire,
  "apache-fcgid-access": apacheFcgidAccess,
  lighttpd: lighttpdAuthorizer,
} as const satisfies Readonly<Record<string, Passing>>;

/** A Web server as it passes requests on to responders. */
export type WebServerName = keyof typeof responderPassings;

/** A Web server as it asks authorizers. */
export type AuthorizingServerName = keyof typeof authorizerPassings;

/** Every {@link WebServerName}, for a test of each: `test.each(webServers)`. */
export const webServers = Object.keys(responderPassings) as readonly WebServerName[];

/** Every {@link AuthorizingServerName}. */
export const authorizingServers = Object.keys(authorizerPassings) as readonly AuthorizingServerName[];
