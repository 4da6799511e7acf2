import { parseBasic, type Credentials } from "../http/credentials.js";
import { Password } from "../http/password.js";
import { RoleRequest } from "./request.js";

/** What Apache asks an authorizer, as FCGI_APACHE_ROLE says it. lighttpd and bridges ask without it. */
export const AuthorizerPhase = {
  /** Whether the password is correct: `AuthBasicProvider`, `AuthnzFcgiCheckAuthnProvider`, `FcgidAuthenticator`. */
  Authenticator: "AUTHENTICATOR",
  /** Whether a user whom Apache has authenticated may pass: `Require`, `FcgidAuthorizer`. */
  Authorizer: "AUTHORIZER",
  /** Whether a request may pass before a user is known: `FcgidAccessChecker`. */
  AccessChecker: "ACCESS_CHECKER",
} as const;

/** One of the phases that Apache asks in. */
export type AuthorizerPhase = (typeof AuthorizerPhase)[keyof typeof AuthorizerPhase];

const phases: ReadonlySet<string> = new Set(Object.values(AuthorizerPhase));

/** A request that an authorizer decides about (section 6.3). It has no body: servers send none, Apache not even an end. */
export class AuthorizerRequest extends RoleRequest {
  /** The phase that Apache asks in; undefined if the Web server names none, or one that is not known. */
  get phase(): AuthorizerPhase | undefined {
    const phase = this.params.get("FCGI_APACHE_ROLE");
    return phase !== undefined && phases.has(phase) ? (phase as AuthorizerPhase) : undefined;
  }

  /**
   * The user's name and password as the client sent them, for the authorizer to check: REMOTE_USER and REMOTE_PASSWD from
   * mod_authnz_fcgi and mod_fcgid, otherwise those of `Authorization: Basic` (RFC 7617). Undefined if absent or malformed.
   */
  get credentials(): Credentials | undefined {
    const { params } = this;
    const [user, password] = [params.get("REMOTE_USER"), params.get("REMOTE_PASSWD")];
    if (user !== undefined && password !== undefined) return { user, password: new Password(password) };
    const field = this.headers.get("authorization");
    return field === undefined ? undefined : parseBasic(field);
  }

  /**
   * The user that the Web server vouches for. In Apache's AUTHORIZER phase that is REMOTE_USER, even without `vouchesFor`:
   * Apache checks the password before it asks.
   */
  override get user(): string | undefined {
    const vouched = super.user;
    if (vouched !== undefined || this.phase !== AuthorizerPhase.Authorizer) return vouched;
    return this.params.get("REMOTE_USER") || undefined;
  }
}
