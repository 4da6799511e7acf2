import { ConfigurationError } from "../../errors.js";
import { FASTCGI_HOOKS, fastCgiName, isFastCgiForm, type FastCgiForm } from "./apache-fastcgi.js";
import type { ApacheParts } from "./apache-parts.js";
import { apacheWord, apachePath, apacheSection } from "./apache-text.js";
import { applicationSocket, hostAndPort, onlyUpstream } from "../application-socket.js";
import { ownName } from "../plan/own-name.js";
import { mountRegex, protectRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { programOf } from "../program.js";
import { paragraph } from "../text.js";

type Form = NonNullable<RoutingPlan["deployment"]["apache"]["authorizer"]>;

/** The form in which authorizers are asked. By default, the one that suits the responder. */
export function authorizerForm({ apache }: RoutingPlan["deployment"]): Form {
  const { authorizer, responder } = apache;
  if (authorizer !== undefined) return authorizer;
  if (responder === "fastcgi") return "fastcgi-access-checker";
  return responder === "fcgid" || responder === "cgi" ? "fcgid-access-checker" : "check-authn";
}

/** Whether a form is a hook of mod_fcgid, for which Apache starts the application. */
export function isHook(form: Form): boolean {
  return form.startsWith("fcgid-");
}

/**
 * The part of the configuration that asks authorizers; undefined if nothing is protected.
 *
 * Every form is an access checker or has a `Require` that needs a user. With one that needs no user, such as
 * `Require all granted`, mod_authz_core allows a request without asking.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if the deployment does not have what the form needs
 */
export function apacheAuthorizer(plan: RoutingPlan): ApacheParts | undefined {
  const covered = protectRegex(plan, "bytes");
  if (covered === undefined) return undefined;
  const form = authorizerForm(plan.deployment);
  const { comment, lines, ...parts } = askedBy(plan, form);
  return {
    ...parts,
    site: paragraph(
      comment,
      apacheSection("LocationMatch", `"${atMount(plan.deployment, covered)}"`, [
        ...(plan.deployment.part === "into" ? IN_SITE : []),
        ...lines,
      ]),
    ),
  };
}

function askedBy(plan: RoutingPlan, form: Form): AuthorizerPart {
  const isFastCgi = plan.deployment.apache.responder === "fastcgi";
  if (isFastCgiForm(form) !== isFastCgi) {
    throw formError(form, "the hooks of mod_fastcgi and its responder, fastcgi, belong together");
  }
  if (isFastCgiForm(form)) return fastCgiHook(plan, form);
  return isHook(form) ? fcgidHook(plan, form) : authnzFcgi(plan, form);
}

/** In a site, only the mount is protected: a glob without a slash matches files everywhere. */
function atMount({ part, mount }: RoutingPlan["deployment"], covered: string): string {
  if (part === "whole") return covered;
  const ignoringCase = "(?i)";
  return `${ignoringCase}^(?=(?-i:${mountRegex(mount).slice(1)})(?:/|$))(?=[\\s\\S]*?(?:${covered.slice(ignoringCase.length)}))`;
}

/** What the site requires still holds, and its Satisfy allows nothing. */
const IN_SITE = ["AuthMerging And", ...apacheSection("IfModule", "access_compat_module", ["Satisfy all"])];

interface AuthorizerPart extends Omit<ApacheParts, "site"> {
  readonly comment: readonly string[];
  /** The contents of the protected location. */
  readonly lines: readonly string[];
}

/** The forms of mod_authnz_fcgi. */
function authnzFcgi(plan: RoutingPlan, form: Form): AuthorizerPart {
  const { apache } = plan.deployment;
  const listen = onlyUpstream(plan.deployment);
  const name = providerName(plan.deployment);
  const socket = applicationSocket(listen);
  if (socket.kind === "unix") {
    throw formError(
      form,
      `mod_authnz_fcgi connects over TCP only, and listen is ${listen}; listen on 127.0.0.1:9000, or use one of mod_fcgid's hooks`,
    );
  }
  const type = form === "authz" || form === "authnz" ? form : "authn";
  const common = {
    modules: ["authn_core", "authz_user", "authnz_fcgi"],
    server: [`AuthnzFcgiDefineProvider ${type} ${name} ${apacheWord(`fcgi://${hostAndPort(socket)}/`)}`],
    vouchesFor: ["REMOTE_USER"],
  };
  const basic = { ...common, modules: [...common.modules, "auth_basic"], notes: [DENIAL_NOTE] };
  const basicAuth = ["AuthType Basic", `AuthName ${apacheWord(apache.realm)}`];
  switch (form) {
    case "authn":
      return {
        ...basic,
        comment: ["Apache asks for a password, and an authorizer checks it."],
        lines: [...basicAuth, `AuthBasicProvider ${name}`, "Require valid-user"],
      };
    case "authnz":
      return {
        ...basic,
        comment: ["Apache asks for a password, and an authorizer checks it and whether the user has access."],
        lines: [...basicAuth, `AuthBasicProvider ${name}`, `Require ${name}`],
      };
    case "authz":
      return {
        ...basic,
        modules: [...basic.modules, "authn_file"],
        comment: [
          "Apache asks for a password and checks it, and an authorizer checks whether the user has access.",
        ],
        lines: [...basicAuth, ...passwordDirectives(plan, form), `Require ${name}`],
      };
    default:
      return {
        ...common,
        comment: [
          "An authorizer is asked first, and the client gets the authorizer's own denial. The user is the value of",
          `${apache.userVariable}, or "-" without a user.`,
        ],
        lines: [
          "AuthType None",
          `AuthnzFcgiCheckAuthnProvider ${name} Authoritative On RequireBasicAuth Off UserExpr "%{reqenv:${apache.userVariable}}" DefaultUser "-"`,
          "Require valid-user",
          ...unsetPlaceholderUser(plan),
        ],
        notes: [
          "Apache sends the body of a denial as HTML, regardless of its type: escape values from the request.",
        ],
      };
  }
}

/** The name of mod_authnz_fcgi's provider, which is one for all virtual hosts. */
function providerName(deployment: RoutingPlan["deployment"]): string {
  return deployment.part === "whole" ? deployment.name : ownName(deployment);
}

const DENIAL_NOTE = "Apache answers each denial with 401 and its own page.";

/** Does not send "-" to a responder as a user name. Programs that Apache starts still get it. */
function unsetPlaceholderUser({ deployment }: RoutingPlan): string[] {
  const isProxied =
    deployment.apache.responder === "proxy-pass" || deployment.apache.responder === "set-handler";
  return isProxied ? [`ProxyFCGISetEnvIf "%{REMOTE_USER} == '-'" !REMOTE_USER`] : [];
}

/** The hooks of mod_fcgid. */
function fcgidHook(plan: RoutingPlan, form: Form): AuthorizerPart {
  const { apache } = plan.deployment;
  const program = programOf(plan.deployment, "mod_fcgid");
  const common = { program, modules: ["fcgid", "headers"] };
  const basic = {
    ...common,
    modules: [...common.modules, "authn_core", "authn_file", "authz_user", "auth_basic"],
    vouchesFor: ["REMOTE_USER"],
    notes: [DENIAL_NOTE, ...variablesNote(plan)],
  };
  const basicAuth = ["AuthType Basic", `AuthName ${apacheWord(apache.realm)}`];
  const hidden = plan.variables.flatMap((name) => [`Header always unset Variable-${name}`]);
  switch (form) {
    case "fcgid-authenticator":
      return {
        ...basic,
        comment: [
          "Apache asks for a password, and an authorizer checks it. mod_auth_basic, which may run before mod_fcgid, knows no",
          "user and passes the request on.",
        ],
        lines: [
          ...basicAuth,
          "AuthBasicProvider file",
          'AuthUserFile "/dev/null"',
          "AuthBasicAuthoritative Off",
          `FcgidAuthenticator ${apachePath(program.path)}`,
          "FcgidAuthenticatorAuthoritative On",
          "Require valid-user",
          ...hidden,
        ],
      };
    case "fcgid-authorizer":
      return {
        ...basic,
        comment: [
          "Apache asks for a password and checks it, and an authorizer checks whether the user has access. Apache asks it only",
          "with a Require that needs a user.",
        ],
        lines: [
          ...basicAuth,
          ...passwordDirectives(plan, form),
          `FcgidAuthorizer ${apachePath(program.path)}`,
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
          `FcgidAccessChecker ${apachePath(program.path)}`,
          "FcgidAccessCheckerAuthoritative On",
          ...hidden,
        ],
        notes: [
          "Apache answers each denial with 401 and its own page, but keeps the headers of the denial.",
          ...variablesNote(plan),
        ],
      };
  }
}

/** The hooks of mod_fastcgi. mod_auth_basic, which would answer before them, must not be loaded. */
function fastCgiHook(plan: RoutingPlan, form: FastCgiForm): AuthorizerPart {
  const { apache } = plan.deployment;
  const lines = [
    `${FASTCGI_HOOKS[form]} ${apachePath(fastCgiName(plan))}`,
    `${FASTCGI_HOOKS[form]}Authoritative On`,
  ];
  if (form === "fastcgi-access-checker") {
    return {
      modules: ["fastcgi"],
      comment: ["An authorizer is asked first."],
      lines,
      notes: ["Apache answers each denial with 403 and its own page."],
    };
  }
  return {
    modules: [
      "fastcgi",
      "authn_core",
      "authz_user",
      ...(form === "fastcgi-authorizer" ? ["authn_file", "auth_basic"] : []),
    ],
    vouchesFor: ["REMOTE_USER"],
    comment: ["Apache asks for a password, and an authorizer decides."],
    lines: [
      "AuthType Basic",
      `AuthName ${apacheWord(apache.realm)}`,
      ...(form === "fastcgi-authorizer" ? passwordDirectives(plan, form) : []),
      ...lines,
      "Require valid-user",
    ],
    notes: [DENIAL_NOTE],
  };
}

function variablesNote({ variables }: RoutingPlan): string[] {
  return variables.length > 0
    ? []
    : [
        "mod_fcgid sends an authorizer's variables to the client as Variable-… headers: name them in variables to remove them.",
      ];
}

function passwordDirectives({ deployment }: RoutingPlan, form: Form): string[] {
  const { passwordFile } = deployment.apache;
  if (passwordFile === undefined) {
    throw formError(form, "Apache checks the password, but the deployment has no apache.passwordFile");
  }
  return ["AuthBasicProvider file", `AuthUserFile ${apachePath(passwordFile)}`];
}

function formError(form: Form, fact: string): ConfigurationError {
  return new ConfigurationError("ERR_DEPLOYMENT", `Cannot configure Apache with authorizer ${form}: ${fact}`);
}
