import { stringifyCookie } from "cookie";

import { ConfigurationError } from "../errors.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { Behind } from "./behind.js";
import type { HttpField, HttpRequest } from "./web-servers/http-request.js";
import type { AuthorizingServerName, WebServerName } from "./web-servers/web-servers.js";

/** Optional parts of a test's request. */
export interface TestRequest {
  /** The HTTP method; defaults to GET, or to POST with a body. */
  readonly method?: string | undefined;
  /** Header fields; a list is sent as repeated fields. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Cookies, sent with encoded values. */
  readonly cookies?: Readonly<Record<string, string>> | undefined;
  /**
   * Text and bytes are sent unchanged, URLSearchParams as a urlencoded form, FormData as a multipart form, and any other
   * object as JSON.
   */
  readonly body?: string | Uint8Array | URLSearchParams | FormData | object | undefined;
  /** Whether the client uses TLS; `http` by default. */
  readonly scheme?: "http" | "https" | undefined;
  /** The Web server that passes the request on; defaults to that of the application. */
  readonly behind?: WebServerName | Behind | undefined;
  /** Further CGI variables, which replace those that follow from the rest. */
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Optional parts of a request that a test asks an authorizer about. */
export interface AuthorizerTestRequest extends Omit<TestRequest, "body" | "behind"> {
  /** The Web server that asks; defaults to that of the application. */
  readonly behind?: AuthorizingServerName | Behind<AuthorizingServerName> | undefined;
}

/** A file that a test sends to a filter. No Web server sends that role, so it is behind none. */
export interface TestFile extends Omit<TestRequest, "behind"> {
  /** The content of the file. */
  readonly data: string | Uint8Array;
  /** The modification time; defaults to the start of 2020. */
  readonly lastModified?: Date | undefined;
}

/** A request body as bytes, with its media type. */
export interface TestBody {
  readonly bytes: Uint8Array;
  readonly type: string | undefined;
}

/** The forms of a request's target (RFC 9112, section 3.2) that a Web server passes on. */
const TARGET = /^(?:\/|\*$|[a-z][a-z0-9+.-]*:\/\/)/i;

/**
 * Checks a test's request before it is sent.
 *
 * @throws ConfigurationError `ERR_OPTION` for an unknown option, `ERR_TEST_TARGET` for a target that is not a path
 */
export function checkRequest(
  taker: "testRequest" | "testQuestion" | "testFile",
  { target, request }: { readonly target: string; readonly request: object },
): void {
  if (typeof target !== "string" || !TARGET.test(target)) {
    const cure = typeof target === "string" ? `; write ${JSON.stringify(`/${target}`)}` : "";
    throw new ConfigurationError(
      "ERR_TEST_TARGET",
      `Cannot send request: the target ${JSON.stringify(target)} does not start with "/"${cure}`,
    );
  }
  refuseUnknownOptions(taker, request);
}

/** Encodes the body of a request. */
export async function bodyOf({ body }: Pick<TestRequest, "body">): Promise<TestBody> {
  if (body === undefined) return { bytes: new Uint8Array(), type: undefined };
  if (body instanceof Uint8Array) return { bytes: body, type: "application/octet-stream" };
  if (typeof body === "string") return { bytes: Buffer.from(body), type: "text/plain; charset=utf-8" };
  if (body instanceof URLSearchParams || body instanceof FormData) {
    // A Response encodes them and sets their media types.
    const encoded = new Response(body);
    return { bytes: Buffer.from(await encoded.arrayBuffer()), type: encoded.headers.get("content-type")! };
  }
  return { bytes: Buffer.from(JSON.stringify(body)), type: "application/json" };
}

/** The request that a client sends to the Web server. */
export function httpRequestOf(
  target: string,
  request: Omit<TestRequest, "behind">,
  { bytes, type }: TestBody,
): HttpRequest {
  const { scheme = "http" } = request;
  const fields = fieldsOf(request, { bytes, type });
  const host = fields.find(([name]) => name.toLowerCase() === "host")![1];
  return {
    method: request.method ?? (type === undefined ? "GET" : "POST"),
    target: latin1(target),
    version: "1.1",
    fields,
    bodyLength: bytes.length,
    scheme,
    port: Number(/:(\d+)$/.exec(host)?.[1] ?? (scheme === "https" ? 443 : 80)),
  };
}

/** The fields that the test names, and those that a client adds. */
function fieldsOf(
  { headers = {}, cookies }: Omit<TestRequest, "behind">,
  { bytes, type }: TestBody,
): HttpField[] {
  const named = Object.entries(headers).flatMap(([name, values]) =>
    (typeof values === "string" ? [values] : values).map((value): HttpField => [latin1(name), latin1(value)]),
  );
  const isNamed = (name: string): boolean => named.some(([given]) => given.toLowerCase() === name);
  const fields: HttpField[] = [...(isNamed("host") ? [] : [["Host", "localhost"] as const]), ...named];
  if (cookies !== undefined) fields.push(["Cookie", stringifyCookie({ ...cookies })]);
  if (type === undefined) return fields;
  if (!isNamed("content-type")) fields.push(["Content-Type", type]);
  if (!isNamed("content-length") && !isNamed("transfer-encoding"))
    fields.push(["Content-Length", String(bytes.length)]);
  return fields;
}

/** Text as its bytes in UTF-8, each as one character. */
function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}
