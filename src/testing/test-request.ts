import { stringifyCookie } from "cookie";

import { ConfigurationError } from "../errors.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import { decodePath } from "../paths/plain-path.js";

/** Optional parts of a test's request. */
export interface TestRequest {
  /** The HTTP method; defaults to GET, or to POST with a body. */
  readonly method?: string | undefined;
  /** Header fields, sent as HTTP_… variables. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Cookies, sent as HTTP_COOKIE with encoded values. */
  readonly cookies?: Readonly<Record<string, string>> | undefined;
  /**
   * Text and bytes are sent unchanged, URLSearchParams as a urlencoded form, FormData as a multipart form, and any other
   * object as JSON.
   */
  readonly body?: string | Uint8Array | URLSearchParams | FormData | object | undefined;
  /** Further CGI variables, which override those that follow from the rest. */
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A file that a test sends to a filter. */
export interface TestFile extends TestRequest {
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
  taker: "testRequest" | "testFile",
  { target, request }: { readonly target: string; readonly request: TestRequest },
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
export async function bodyOf({ body }: TestRequest): Promise<TestBody> {
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

/** The params that a Web server on this machine would send (RFC 3875, section 4.1). */
export function paramsOf(
  target: string,
  request: TestRequest,
  { bytes, type }: TestBody,
): Record<string, string> {
  const mark = target.indexOf("?");
  const params: Record<string, string> = {
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_PROTOCOL: "HTTP/1.1",
    SERVER_SOFTWARE: "tricorn-testing",
    SERVER_NAME: "localhost",
    SERVER_PORT: "80",
    REMOTE_ADDR: "127.0.0.1",
    REQUEST_METHOD: request.method ?? (request.body === undefined ? "GET" : "POST"),
    REQUEST_URI: target,
    QUERY_STRING: mark < 0 ? "" : target.slice(mark + 1),
    SCRIPT_NAME: decodedPath(mark < 0 ? target : target.slice(0, mark)),
    HTTP_HOST: "localhost",
  };
  if (type !== undefined) Object.assign(params, { CONTENT_TYPE: type, CONTENT_LENGTH: String(bytes.length) });
  if (request.cookies !== undefined) params["HTTP_COOKIE"] = stringifyCookie({ ...request.cookies });
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const variable = name.toUpperCase().replaceAll("-", "_");
    params[variable === "CONTENT_TYPE" || variable === "CONTENT_LENGTH" ? variable : `HTTP_${variable}`] =
      value;
  }
  return { ...params, ...request.params };
}

/** SCRIPT_NAME is decoded (RFC 3875, section 4.1.13), unless the path cannot be decoded. */
function decodedPath(path: string): string {
  return decodePath(path) ?? path;
}
