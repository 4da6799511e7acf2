/** What a test says about a request beside its target. All of it may be left out. */
export interface TestRequest {
  /** The HTTP method; GET, or POST where there is a body. */
  readonly method?: string | undefined;
  /** Header fields, which arrive as HTTP_… variables. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Text and bytes are sent as they are; an object is sent as JSON. */
  readonly body?: string | Uint8Array | object | undefined;
  /** CGI variables that are added, or replace those which follow from the rest. */
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a test hands to a filter. */
export interface TestFile extends TestRequest {
  /** The content of the file. */
  readonly data: string | Uint8Array;
  /** When the file was last changed; the start of 2020 if left out. */
  readonly lastModified?: Date | undefined;
}

/** The request body as bytes, and the media type that follows from it. */
export function bodyOf({ body }: TestRequest): {
  readonly bytes: Uint8Array;
  readonly type: string | undefined;
} {
  if (body === undefined) return { bytes: new Uint8Array(), type: undefined };
  if (typeof body === "string") return { bytes: Buffer.from(body), type: "text/plain; charset=utf-8" };
  if (body instanceof Uint8Array) return { bytes: body, type: "application/octet-stream" };
  return { bytes: Buffer.from(JSON.stringify(body)), type: "application/json" };
}

/** The params that a Web server on this machine would send (RFC 3875, section 4.1). */
export function paramsOf(target: string, request: TestRequest): Record<string, string> {
  const { bytes, type } = bodyOf(request);
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
    SCRIPT_NAME: mark < 0 ? target : target.slice(0, mark),
    HTTP_HOST: "localhost",
  };
  if (type !== undefined) Object.assign(params, { CONTENT_TYPE: type, CONTENT_LENGTH: String(bytes.length) });
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const variable = name.toUpperCase().replaceAll("-", "_");
    params[variable === "CONTENT_TYPE" || variable === "CONTENT_LENGTH" ? variable : `HTTP_${variable}`] =
      value;
  }
  return { ...params, ...request.params };
}
