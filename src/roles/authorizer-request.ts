import { parseBasic, type Credentials } from "../http/credentials.js";
import { Password } from "../http/password.js";
import { RoleRequest } from "./request.js";

/**
 * What Apache wants to know of an authorizer, in the words of FCGI_APACHE_ROLE. lighttpd and bridges ask without telling.
 */
export const AuthorizerPhase = {
  /** Whether the password is right: `AuthBasicProvider`, `AuthnzFcgiCheckAuthnProvider`, `FcgidAuthenticator`. */
  Authenticator: "AUTHENTICATOR",
  /** Whether a user whom Apache has authenticated may pass: `Require`, `FcgidAuthorizer`. */
  Authorizer: "AUTHORIZER",
  /** Whether anybody may pass, before there is a user: `FcgidAccessChecker`. */
  AccessChecker: "ACCESS_CHECKER",
} as const;

/** One of the phases that Apache asks in. */
export type AuthorizerPhase = (typeof AuthorizerPhase)[keyof typeof AuthorizerPhase];

const phases: ReadonlySet<string> = new Set(Object.values(AuthorizerPhase));

/** A request that an authorizer decides about (section 6.3). It has no body: servers send none, Apache not even an end. */
export class AuthorizerRequest extends RoleRequest {
  /** The phase that Apache asks in; undefined where the Web server tells none that is known. */
  get phase(): AuthorizerPhase | undefined {
    const told = this.params.get("FCGI_APACHE_ROLE");
    return told !== undefined && phases.has(told) ? (told as AuthorizerPhase) : undefined;
  }

  /**
   * The user's name and password as the client sent them, for the authorizer to check: REMOTE_USER and REMOTE_PASSWD,
   * which mod_authnz_fcgi and mod_fcgid hand over, else those of `Authorization: Basic` (RFC 7617). Undefined where there
   * are none, or where they are malformed.
   */
  get credentials(): Credentials | undefined {
    const { params } = this;
    const [user, password] = [params.get("REMOTE_USER"), params.get("REMOTE_PASSWD")];
    if (user !== undefined && password !== undefined) return { user, password: new Password(password) };
    const field = this.headers.get("authorization");
    return field === undefined ? undefined : parseBasic(field);
  }

  /**
   * The user that the Web server vouches for. In Apache's AUTHORIZER phase that is REMOTE_USER, whatever the listener was
   * told: Apache has checked the password before it asks.
   */
  override get user(): string | undefined {
    const vouched = super.user;
    if (vouched !== undefined || this.phase !== AuthorizerPhase.Authorizer) return vouched;
    return this.params.get("REMOTE_USER") || undefined;
  }
}
