import type { AuthorizerDifferences } from "../../support/web-servers/differences.js";
import type { AuthorizerSetUp } from "../../support/web-servers/set-up.js";

const hooks = {
  "fcgid-authenticator": "FcgidAuthenticator",
  "fcgid-authorizer": "FcgidAuthorizer",
  "fcgid-access-checker": "FcgidAccessChecker",
} as const;

function asksAgain(module: string): AuthorizerDifferences {
  const because = `${module} makes every denial a 401 with its own page, which asks for another password.`;
  return { replacesDenials: { because, status: 401 }, losesRedirects: { because, status: 401 } };
}

/** Every way in which authorizers are asked. */
export const authorizerSetUps: readonly AuthorizerSetUp[] = [
  {
    id: "nginx-auth-request",
    server: "nginx",
    how: "`auth_request`, over the bridge",
    over: "unix",
    differences: {
      losesDenialBodies: { because: "nginx sends its own body with 401 and 403." },
    },
  },
  {
    id: "nginx-scgi-auth-request",
    server: "nginx",
    how: "`auth_request` with `scgi_pass`, over the bridge",
    over: "scgi-unix",
    differences: {
      losesDenialBodies: { because: "nginx sends its own body with 401 and 403." },
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
    differences: asksAgain("mod_authnz_fcgi of Apache 2.4"),
  })),
  ...(["fcgid-authenticator", "fcgid-authorizer", "fcgid-access-checker"] as const).map(
    (hook): AuthorizerSetUp => ({
      id: `apache-${hook}`,
      server: "apache",
      how: `mod_fcgid, which starts it, \`${hooks[hook]}\``,
      isSpawned: true,
      deployment: { apache: { responder: "fcgid", authorizer: hook } },
      needsPassword: true,
      differences: asksAgain("mod_fcgid 2.3.9"),
    }),
  ),
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
