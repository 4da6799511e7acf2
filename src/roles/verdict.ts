import { STATUS_CODES } from "node:http";

import { checkedType } from "../http/head.js";
import {
  HeaderError,
  ReplyHeaders,
  checkFieldValue,
  utf8AsLatin1,
  type HeaderFields,
} from "../http/header-fields.js";

/** A variable name as a shell and a header field both take it. */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The variables that the Web server sets itself, and those that change how programs run. An authorizer that passes on a
 * value from a user must not replace them by accident. REMOTE_USER and AUTH_TYPE are not among them: authorizers exist to
 * set those.
 */
const SERVER_VARIABLE =
  /^(?:CONTENT_(?:LENGTH|TYPE)|DOCUMENT_(?:ROOT|URI)|FCGI_.*|GATEWAY_INTERFACE|HTTPS|HTTP_.*|LD_.*|NODE_.*|PATH|PATH_INFO|PATH_TRANSLATED|PHP_.*|QUERY_STRING|REDIRECT_.*|REMOTE_(?:ADDR|HOST|IDENT|PASSWD|PORT)|REQUEST_.*|SCRIPT_.*|SERVER_.*|SSL_.*)$/i;

/**
 * Why an authorizer cannot pass on a variable of this name: it is not a valid name, or the Web server sets that variable.
 */
export function faultOfVariable(name: string): "name" | "server's" | undefined {
  if (soundNames.has(name)) return undefined;
  if (!VARIABLE_NAME.test(name)) return "name";
  if (SERVER_VARIABLE.test(name)) return "server's";
  if (soundNames.size < SOUND_NAMES_LIMIT) soundNames.add(name);
  return undefined;
}

/** Names that passed the check. Applications use few, so a small bound suffices to check each once. */
const soundNames = new Set<string>();
const SOUND_NAMES_LIMIT = 256;

/** The options of an `allow`. */
export interface AllowInit {
  /** Variables of the Web server to replace, such as `["REMOTE_ADDR"]`. */
  readonly replaces?: readonly string[] | undefined;
}

/**
 * The decision that a request may pass. Only {@link allow} creates one: its private field is a brand that no other object
 * has.
 */
export class Allow {
  readonly #variables: ReadonlyMap<string, string>;

  /** @internal Use {@link allow}. */
  constructor(variables: ReadonlyMap<string, string>) {
    this.#variables = variables;
  }

  /** The variables that the Web server passes on to the handler of the request, without the `Variable-` prefix. */
  get variables(): ReadonlyMap<string, string> {
    return this.#variables;
  }

  /** Whether a value is a decision that {@link allow} made. */
  static is(value: unknown): value is Allow {
    return typeof value === "object" && value !== null && #variables in value;
  }
}

/** The options of a denial. */
export interface DenyInit {
  readonly headers?: HeaderFields | ReplyHeaders | undefined;
  /** The text for the client, if the Web server passes it on; the reason phrase of the status by default. */
  readonly body?: string | undefined;
  /** The media type of the body; plain text by default. */
  readonly type?: string | undefined;
}

/** The fields that a denial cannot have: it passes nothing on, and its length follows from its body. */
export const NOT_IN_DENIALS = /^(?:variable-|content-length$)/i;

/** The decision that a request may not pass. Only {@link deny}, {@link challenge} and {@link redirect} create one. */
export class Deny {
  readonly #status: number;
  readonly headers: ReplyHeaders;
  readonly body: string;
  readonly type: string;

  /** @internal Use {@link deny}. */
  constructor(status: number, { headers, body, type }: DenyInit) {
    if (!Number.isInteger(status) || status < 300 || status > 599) {
      throw new RangeError(`Cannot deny with status ${status}: it must be an integer from 300 to 599`);
    }
    this.#status = status;
    this.headers = new ReplyHeaders(headers);
    for (const [name] of this.headers) {
      if (NOT_IN_DENIALS.test(name)) {
        throw new HeaderError(`Cannot deny with header ${name}: denials cannot set it`);
      }
    }
    this.body = body ?? `${STATUS_CODES[status] ?? "Denied"}\n`;
    this.type = type ?? "text/plain; charset=utf-8";
    checkedType(this.type);
  }

  get status(): number {
    return this.#status;
  }

  /** Whether a value is a decision that {@link deny} made. */
  static is(value: unknown): value is Deny {
    return typeof value === "object" && value !== null && #status in value;
  }
}

/** What an authorizer decides. */
export type Verdict = Allow | Deny;

/**
 * Lets the request pass (section 6.3: status 200), with variables for its handler.
 *
 * @param variables names of letters, digits and `_`; values without control characters. They arrive as variables of these
 *   names; behind lighttpd REMOTE_USER sets the user.
 * @throws HeaderError for a name or value that could inject a header, or for a variable that the Web server sets
 *
 * @example
 * ```ts
 * import { allow, deny, type AuthorizerRequest, type Verdict } from "tricorn";
 *
 * function authorize({ headers }: AuthorizerRequest): Verdict {
 *   return headers.get("x-key") === "s3cret" ? allow({ AUTH_USER: "ada" }) : deny();
 * }
 * ```
 */
export function allow(
  variables: Readonly<Record<string, string>> = {},
  { replaces = [] }: AllowInit = {},
): Allow {
  const checked = new Map<string, string>();
  for (const name of Object.keys(variables)) {
    const value = variables[name];
    const fault = faultOfVariable(name);
    if (fault === "name") {
      throw new HeaderError(
        `Cannot allow with variable ${JSON.stringify(name)}: names consist of letters, digits and "_"`,
      );
    }
    if (fault === "server's" && !replaces.includes(name)) {
      throw new HeaderError(
        `Cannot allow with variable ${name}: the Web server sets it; pass { replaces: ["${name}"] } to replace it`,
      );
    }
    if (typeof value !== "string") {
      throw new HeaderError(`Cannot allow with variable ${name}: its value is not a string`);
    }
    checkFieldValue(`Variable-${name}`, utf8AsLatin1(value));
    checked.set(name, value.trim());
  }
  return new Allow(checked);
}

/**
 * Denies the request.
 *
 * @param status 300 to 599; 403 by default. Apache and mod_fcgid turn most into a 401, nginx passes 401 and 403 only.
 * @throws RangeError for a status that a Web server could take for "allowed"
 *
 * @example
 * ```ts
 * import { deny } from "tricorn";
 *
 * const tooMany = deny(429, { headers: { "Retry-After": "60" }, body: "Try again in a minute.\n" });
 * ```
 */
export function deny(status = 403, init: DenyInit = {}): Deny {
  return new Deny(status, init);
}

/**
 * Denies with 401 and asks for credentials (RFC 9110, section 11.6.1): `challenge("Basic", { realm: "Library" })`.
 */
export function challenge(scheme: string, parameters: Readonly<Record<string, string>> = {}): Deny {
  const list = Object.entries(parameters).map(
    ([name, value]) => `${name}="${value.replace(/["\\]/g, "\\$&")}"`,
  );
  return deny(401, { headers: { "WWW-Authenticate": [scheme, list.join(", ")].join(" ").trim() } });
}

/** Denies by redirecting the client, to a log-in page for example. lighttpd and mod_authnz_fcgi pass it on. */
export function redirect(location: string, status: 301 | 302 | 303 | 307 | 308 = 302): Deny {
  return deny(status, { headers: { Location: location } });
}
