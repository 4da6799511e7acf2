import type { AuthorizerSetUp } from "../../support/web-servers/set-up.js";

/** Every way in which authorizers are asked. */
export const authorizerSetUps: readonly AuthorizerSetUp[] = [
  {
    id: "nginx-auth-request",
    server: "nginx",
    how: "`auth_request`, over the bridge",
    over: "unix",
    differences: {
      losesDenialBodies: { because: "nginx makes the body of a 401 or 403 itself." },
    },
  },
  {
    id: "apache-check-authn",
    server: "apache",
    how: "mod_authnz_fcgi, `AuthnzFcgiCheckAuthnProvider`",
    deployment: { apache: { authorizer: "check-authn" } },
  },
  ...(["authn", "authz", "authnz"] as const).map((form): AuthorizerSetUp => ({
    id: `apache-${form}`,
    server: "apache",
    how: `mod_authnz_fcgi, a provider of the type \`${form}\``,
    deployment: { apache: { authorizer: form } },
    needsPassword: true,
    differences: {
      replacesDenials: {
        because:
          "Apache 2.4 makes every denial by this form a 401 of its own, which asks for another password.",
        status: 401,
      },
      losesRedirects: {
        because: "Apache 2.4 makes every denial by this form a 401 of its own.",
        status: 401,
      },
    },
  })),
  {
    id: "lighttpd-authorizer",
    server: "lighttpd",
    how: 'mod_fastcgi, `"mode" => "authorizer"`',
    over: "unix",
  },
  { id: "caddy-forward-auth", server: "caddy", how: "`forward_auth`, over the bridge", over: "unix" },
  {
    id: "haproxy-in-process",
    server: "haproxy",
    how: "HAProxy cannot ask: in the application",
    inProcess: true,
  },
  {
    id: "h2o-in-process",
    server: "h2o",
    how: "H2O cannot ask: in the application",
    over: "unix",
    inProcess: true,
  },
  { id: "jetty-in-process", server: "jetty", how: "Jetty cannot ask: in the application", inProcess: true },
  { id: "gateway-authorizer", server: "gateway", how: "the authorizer role", over: "unix" },
];
