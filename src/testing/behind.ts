import { refuseUnknownOptions } from "../diagnostics/options.js";
import { ConfigurationError } from "../errors.js";
import { Role } from "../protocol/constants.js";
import type { NameValuePair } from "../protocol/name-value.js";
import { standardServer } from "./web-servers/standard-server.js";
import type { HttpRequest, Param, Passing } from "./web-servers/http-request.js";
import {
  authorizerPassings,
  responderPassings,
  type AuthorizingServerName,
  type WebServerName,
} from "./web-servers/web-servers.js";

/** A Web server before an application under test, and its configuration. */
export interface Behind<Name extends string = WebServerName> {
  readonly server: Name;
  /**
   * The prefix that the Web server is configured for, such as "/app", if it splits the path into SCRIPT_NAME and PATH_INFO there;
   * by default it serves the application at the root.
   */
  readonly mount?: string | undefined;
  /**
   * Whether it passes Authorization on, which Apache and HAProxy do only if they are configured for it: CGIPassAuth,
   * FcgidPassHeader, pass-header. False by default; the others always do.
   */
  readonly passesAuthorization?: boolean | undefined;
}

/** A request to the application as a Web server sends it. */
export interface PassedRequest {
  readonly role: number;
  readonly params: readonly NameValuePair[];
  /** What the Web server left out, for messages; undefined if nothing. */
  readonly note: string | undefined;
}

/** What a Web server makes of a request for a responder. */
export function passToResponder(
  request: HttpRequest,
  behind: WebServerName | Behind | undefined,
): PassedRequest {
  if (behind === undefined)
    return passedBy("tricorn/testing", { request, passing: standardServer, role: Role.Responder });
  const { server, ...setUp } = settingsOf(behind);
  const passing: Passing | undefined = lookUp(responderPassings, server);
  if (passing === undefined) {
    throw unknownServer(
      server,
      Object.keys(responderPassings),
      lookUp(authorizerPassings, server) && "it only asks authorizers",
    );
  }
  return passedBy(server, { request, passing, role: Role.Responder, ...setUp });
}

/** The question that a Web server asks an authorizer about a request. */
export function passToAuthorizer(
  request: HttpRequest,
  behind: AuthorizingServerName | WebServerName | Behind<string> | undefined,
): PassedRequest {
  if (behind === undefined) {
    const passed = passedBy("tricorn/testing", { request, passing: standardServer, role: Role.Authorizer });
    // Section 6.3: an authorizer receives no SCRIPT_NAME.
    return { ...passed, params: passed.params.filter(([name]) => name !== "SCRIPT_NAME") };
  }
  const { server, ...setUp } = settingsOf(behind);
  const passing: Passing | undefined = lookUp(authorizerPassings, server);
  if (passing === undefined) {
    const fact = lookUp(responderPassings, server) && "it asks no authorizer";
    throw unknownServer(server, Object.keys(authorizerPassings), fact);
  }
  // nginx asks in the responder role (auth_request).
  const role = server === "nginx" ? Role.Responder : Role.Authorizer;
  return passedBy(server, { request, passing, role, ...setUp });
}

/** A file that a filter gets, with the params of its data (section 6.4). */
export function passToFilter(
  request: HttpRequest,
  { length, lastModified }: { readonly length: number; readonly lastModified: Date },
): PassedRequest {
  const passed = passedBy("tricorn/testing", { request, passing: standardServer, role: Role.Filter });
  const data: readonly NameValuePair[] = [
    ["FCGI_DATA_LENGTH", String(length)],
    ["FCGI_DATA_LAST_MOD", String(Math.floor(lastModified.getTime() / 1000))],
  ];
  return { ...passed, params: [...data, ...passed.params] };
}

function settingsOf(behind: string | Behind<string>): Behind<string> {
  if (typeof behind === "string") return { server: behind };
  refuseUnknownOptions("behind", behind);
  return behind;
}

function lookUp<T>(passings: Readonly<Record<string, T>>, server: string): T | undefined {
  return Object.hasOwn(passings, server) ? passings[server] : undefined;
}

function unknownServer(
  server: string,
  known: readonly string[],
  fact = "there is no such Web server",
): ConfigurationError {
  return new ConfigurationError(
    "ERR_TEST_WEB_SERVER",
    `Cannot send request behind ${JSON.stringify(server)}: ${fact}; use one of ${known.join(", ")}`,
  );
}

interface Facts extends Omit<Behind<string>, "server"> {
  readonly request: HttpRequest;
  readonly passing: Passing;
  readonly role: number;
}

function passedBy(
  server: string,
  { request, passing, role, mount = "", passesAuthorization = false }: Facts,
): PassedRequest {
  const passed = passing(request, { mount, passesAuthorization });
  if ("answers" in passed) {
    const { method, target } = request;
    throw new ConfigurationError(
      "ERR_TEST_NOT_PASSED",
      `Cannot send request: ${server} answers ${method} ${target} with ${passed.answers} itself, and the application never gets it`,
    );
  }
  const params = passed.params.map(([name, value]): NameValuePair => [name, Buffer.from(value, "latin1")]);
  return { role, params, note: withheldNote(server, { request, params: passed.params }) };
}

function withheldNote(
  server: string,
  { request, params }: { readonly request: HttpRequest; readonly params: readonly Param[] },
): string | undefined {
  const sent = request.fields.find(([name]) => name.toLowerCase() === "authorization")?.[1];
  const isPassed = params.some(([name, value]) => value === sent || name === "REMOTE_PASSWD");
  return sent === undefined || isPassed
    ? undefined
    : `${server} passes Authorization on only if it is configured for it: { server: "${server}", passesAuthorization: true }`;
}
