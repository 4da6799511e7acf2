import { ConfigurationError } from "../../errors.js";
import type { ApacheParts } from "./apache-parts.js";
import { quoted, quotedPath, section } from "./apache-text.js";
import { applicationSocket, hostAndPort } from "../application-socket.js";
import { protectRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { programOf } from "../program.js";
import { paragraph } from "../text.js";

type Form = NonNullable<RoutingPlan["deployment"]["apache"]["authorizer"]>;

/** How authorizers are asked: as the deployment says, else in the way that fits the responder's. */
export function authorizerForm({ apache }: RoutingPlan["deployment"]): Form {
  const { authorizer, responder } = apache;
  return (
    authorizer ?? (responder === "fcgid" || responder === "cgi" ? "fcgid-access-checker" : "check-authn")
  );
}

/** Whether a form is one of mod_fcgid's hooks, for which Apache starts the application. */
export function isHook(form: Form): boolean {
  return form.startsWith("fcgid-");
}

/**
 * The part of the configuration that has authorizers asked; undefined where nothing is protected.
 *
 * Every form has a `Require` that needs a user, or is an access checker: with one that needs none, such as
 * `Require all granted`, mod_authz_core lets a request pass and asks nobody.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for a form that the deployment has not enough for
 */
export function apacheAuthorizer(plan: RoutingPlan): ApacheParts | undefined {
  const covered = protectRegex(plan, "bytes");
  if (covered === undefined) return undefined;
  const form = authorizerForm(plan.deployment);
  const { comment, lines, ...parts } = isHook(form) ? hook(plan, form) : provider(plan, form);
  return {
    ...parts,
    site: paragraph(comment, section("LocationMatch", `"${covered}"`, lines)),
  };
}

interface Asking extends Omit<ApacheParts, "site"> {
  readonly comment: readonly string[];
  /** What stands in the protected location. */
  readonly lines: readonly string[];
}

/** The forms of mod_authnz_fcgi. */
function provider(plan: RoutingPlan, form: Form): Asking {
  const { name, listen, apache } = plan.deployment;
  const socket = applicationSocket(listen);
  if (socket.kind === "unix") {
    throw refusal(
      form,
      `mod_authnz_fcgi connects over TCP only, and listen is ${listen}; listen on 127.0.0.1:9000 or have mod_fcgid ask`,
    );
  }
  const type = form === "authz" || form === "authnz" ? form : "authn";
  const common = {
    modules: ["authn_core", "authz_user", "authnz_fcgi"],
    server: [`AuthnzFcgiDefineProvider ${type} ${name} ${quoted(`fcgi://${hostAndPort(socket)}/`)}`],
    vouchesFor: ["REMOTE_USER"],
  };
  const basic = { ...common, modules: [...common.modules, "auth_basic"], notes: [OWN_PAGE] };
  const ask = ["AuthType Basic", `AuthName ${quoted(apache.realm)}`];
  switch (form) {
    case "authn":
      return {
        ...basic,
        comment: ["Apache asks for a password; an authorizer says whether it is right."],
        lines: [...ask, `AuthBasicProvider ${name}`, "Require valid-user"],
      };
    case "authnz":
      return {
        ...basic,
        comment: [
          "Apache asks for a password; an authorizer says whether it is right and whether the user may.",
        ],
        lines: [...ask, `AuthBasicProvider ${name}`, `Require ${name}`],
      };
    case "authz":
      return {
        ...basic,
        modules: [...basic.modules, "authn_file"],
        comment: ["Apache asks for a password and checks it; an authorizer says whether the user may."],
        lines: [...ask, ...passwordFile(plan, form), `Require ${name}`],
      };
    default:
      return {
        ...common,
        comment: [
          "An authorizer is asked first, and its answer to a denial is what the client sees. An allowance names the user by",
          `${apache.userVariable}, or is nobody's, "-".`,
        ],
        lines: [
          "AuthType None",
          `AuthnzFcgiCheckAuthnProvider ${name} Authoritative On RequireBasicAuth Off UserExpr "%{reqenv:${apache.userVariable}}" DefaultUser "-"`,
          "Require valid-user",
          ...nobodyIsNoUser(plan),
        ],
        notes: ["Apache shows the body of a denial as HTML, whatever its type: escape what it quotes."],
      };
  }
}

const OWN_PAGE = "Apache answers each denial with 401 and a page of its own.";

/** A responder shall not take the stand-in for a name. Programs that Apache starts get it all the same. */
function nobodyIsNoUser({ deployment }: RoutingPlan): string[] {
  const isProxied =
    deployment.apache.responder === "proxy-pass" || deployment.apache.responder === "set-handler";
  return isProxied ? [`ProxyFCGISetEnvIf "%{REMOTE_USER} == '-'" !REMOTE_USER`] : [];
}

/** The hooks of mod_fcgid. */
function hook(plan: RoutingPlan, form: Form): Asking {
  const { apache } = plan.deployment;
  const program = programOf(plan.deployment, "mod_fcgid");
  const common = { program, modules: ["fcgid", "headers"] };
  const basic = {
    ...common,
    modules: [...common.modules, "authn_core", "authn_file", "authz_user", "auth_basic"],
    vouchesFor: ["REMOTE_USER"],
    notes: [OWN_PAGE, ...shownVariables(plan)],
  };
  const ask = ["AuthType Basic", `AuthName ${quoted(apache.realm)}`];
  const hidden = plan.variables.flatMap((name) => [`Header always unset Variable-${name}`]);
  switch (form) {
    case "fcgid-authenticator":
      return {
        ...basic,
        comment: [
          "Apache asks for a password; an authorizer says whether it is right. mod_auth_basic, which may be asked before",
          "mod_fcgid, knows nobody and leaves it to it.",
        ],
        lines: [
          ...ask,
          "AuthBasicProvider file",
          'AuthUserFile "/dev/null"',
          "AuthBasicAuthoritative Off",
          `FcgidAuthenticator ${quotedPath(program.path)}`,
          "FcgidAuthenticatorAuthoritative On",
          "Require valid-user",
          ...hidden,
        ],
      };
    case "fcgid-authorizer":
      return {
        ...basic,
        comment: [
          "Apache asks for a password and checks it; an authorizer says whether the user may. Without a Require that needs a",
          "user it would not be asked.",
        ],
        lines: [
          ...ask,
          ...passwordFile(plan, form),
          `FcgidAuthorizer ${quotedPath(program.path)}`,
          "FcgidAuthorizerAuthoritative On",
          "Require valid-user",
          ...hidden,
        ],
      };
    default:
      return {
        ...common,
        comment: ["An authorizer is asked first."],
        lines: [
          `FcgidAccessChecker ${quotedPath(program.path)}`,
          "FcgidAccessCheckerAuthoritative On",
          ...hidden,
        ],
        notes: [
          "Apache answers each denial with 401 and a page of its own; headers of the denial stay.",
          ...shownVariables(plan),
        ],
      };
  }
}

function shownVariables({ variables }: RoutingPlan): string[] {
  return variables.length > 0
    ? []
    : [
        "mod_fcgid shows clients the variables of an allowance, as Variable-… headers: name them in variables, and they are taken out.",
      ];
}

function passwordFile({ deployment }: RoutingPlan, form: Form): string[] {
  const { passwordFile } = deployment.apache;
  if (passwordFile === undefined) {
    throw refusal(form, "Apache checks the password, and the deployment has no apache.passwordFile");
  }
  return ["AuthBasicProvider file", `AuthUserFile ${quotedPath(passwordFile)}`];
}

function refusal(form: Form, fact: string): ConfigurationError {
  return new ConfigurationError("ERR_DEPLOYMENT", `Cannot configure Apache with authorizer ${form}: ${fact}`);
}
