/** The native class; set by {@link replaceResponse}. */
let Native: typeof Response;

/** A body that is not a stream. */
type WholeBody = string | Uint8Array | null;

type ResponseBodyInit = ConstructorParameters<typeof Response>[0];

/** The second argument of the constructor, which may be another `Response`. */
type Init = ResponseInit | Response;

/** Statuses whose answers have no body (Fetch standard, section 2.2.6). */
const NULL_BODY = new Set([101, 204, 205, 304]);

/** The parts of a response that are sent. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  /** The media type unless the lines have one. */
  readonly type: string | null;
  readonly lines: readonly (readonly [name: string, value: string])[];
  readonly body: WholeBody | ReadableStream<Uint8Array>;
}

type ResponseMembers = Omit<Response, typeof Symbol.toStringTag | "type" | "url" | "redirected">;

/** A `Response` that keeps its arguments, and creates a native one only for those methods that need it. */
class Light implements ResponseMembers {
  readonly #status: number;
  readonly #statusText: string;
  readonly #lines: readonly (readonly [name: string, value: string])[];
  #headers: Headers | undefined;
  #whole: WholeBody = null;
  #stream: ReadableStream<Uint8Array> | undefined;
  /** The media type that follows from the body. */
  #type: string | null = null;
  #isUsed = false;
  #real: Response | undefined;

  constructor(body?: ResponseBodyInit, given?: Init | null) {
    const init = given ?? {};
    const { status = 200, statusText = "" } = init;
    if (!Number.isInteger(status) || status < 200 || status > 599)
      throw new RangeError(`Cannot create Response: its status is ${status}, expected 200 to 599`);
    this.#status = status;
    this.#statusText = statusText;
    this.#lines = isLight(init) ? Light.#linesOf(init as unknown as Light) : linesOf(init.headers);
    if (body === undefined || body === null) return;
    if (NULL_BODY.has(status)) throw new TypeError(`Cannot create Response: status ${status} has no body`);
    if (typeof body === "string") {
      this.#whole = body;
      this.#type = "text/plain;charset=UTF-8";
    } else if (body instanceof ArrayBuffer) {
      this.#whole = new Uint8Array(body.slice(0));
    } else if (ArrayBuffer.isView(body)) {
      this.#whole = new Uint8Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength));
    } else {
      this.#real = new Native(body);
      this.#stream = this.#real.body!;
      this.#type = this.#real.headers.get("content-type");
    }
  }

  get status(): number {
    return this.#status;
  }

  get statusText(): string {
    return this.#statusText;
  }

  get ok(): boolean {
    return this.#status < 300;
  }

  get headers(): Headers {
    if (this.#headers === undefined) {
      this.#headers = new Headers(this.#lines.map(([name, value]): [string, string] => [name, value]));
      if (this.#type !== null && !this.#headers.has("content-type"))
        this.#headers.set("content-type", this.#type);
    }
    return this.#headers;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#whole === null && this.#real === undefined ? null : this.#toReal().body;
  }

  get bodyUsed(): boolean {
    return this.#isUsed || this.#real?.bodyUsed === true;
  }

  async text(): Promise<string> {
    const whole = this.#take();
    if (whole === undefined) return this.#toReal().text();
    return typeof whole === "string" ? whole : new TextDecoder().decode(whole ?? new Uint8Array());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#toReal().arrayBuffer();
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer());
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.arrayBuffer()], { type: this.headers.get("content-type") ?? "" });
  }

  async formData(): Promise<FormData> {
    return this.#toReal().formData();
  }

  clone(): Response {
    if (this.bodyUsed) throw new TypeError("Cannot clone Response: its body is already being read");
    const body = this.#real === undefined ? this.#whole : this.#real.clone().body;
    return new LightResponse(body as ResponseBodyInit, this);
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const body = JSON.stringify(data) as string | undefined;
    if (body === undefined) throw new TypeError("Cannot create Response: the value has no JSON form");
    const lines = linesOf(init.headers);
    const isTyped = lines.some(([name]) => name.toLowerCase() === "content-type");
    const headers = isTyped ? lines : [...lines, ["content-type", "application/json"] as [string, string]];
    return new LightResponse(body, { ...init, headers });
  }

  static redirect(url: string | URL, status?: Parameters<typeof Response.redirect>[1]): Response {
    return Native.redirect(url, status ?? 302);
  }

  static error(): Response {
    return Native.error();
  }

  /** Native responses are instances too. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return this === Light
      ? value instanceof Native
      : Function.prototype[Symbol.hasInstance].call(this, value);
  }

  static isOne(value: object): boolean {
    return #status in value;
  }

  /** Throws a TypeError if the body was read already. */
  static partsOf(response: Light): ResponseParts {
    if (response.bodyUsed) throw new TypeError("Cannot reply: the body of the Response was read already");
    const body = response.#stream === undefined ? response.#whole : response.#toReal().body;
    const { status, statusText } = response;
    return { status, statusText, type: response.#type, lines: Light.#linesOf(response), body };
  }

  static #linesOf(response: Light): readonly (readonly [string, string])[] {
    return response.#headers === undefined ? response.#lines : [...response.#headers];
  }

  /** The whole body, once; undefined if it is, or has become, a stream. */
  #take(): WholeBody | undefined {
    if (this.#real !== undefined) return undefined;
    if (this.#isUsed) throw new TypeError("Cannot read body: it was already read");
    this.#isUsed = this.#whole !== null;
    return this.#whole;
  }

  #toReal(): Response {
    if (this.#isUsed) throw new TypeError("Cannot read body: it was already read");
    const type = this.headers.get("content-type");
    return (this.#real ??= new Native(
      this.#whole as ResponseBodyInit,
      type === null ? {} : { headers: { "content-type": type } },
    ));
  }
}

/** The class with the type of `Response`. */
export const LightResponse = Light as unknown as typeof Response;

/** Whether a response is a {@link LightResponse}. */
export function isLight(response: object): boolean {
  return Light.isOne(response);
}

/** The parts of a response that {@link isLight}. */
export function partsOf(response: Response): ResponseParts {
  return Light.partsOf(response as unknown as Light);
}

/** Prepares {@link LightResponse} to replace the native class, including `instanceof`. */
export function replaceResponse(native: typeof Response): void {
  Native = native;
  Object.setPrototypeOf(Light.prototype, native.prototype);
  const constants = { type: "default", url: "", redirected: false };
  for (const [name, value] of Object.entries(constants))
    Object.defineProperty(Light.prototype, name, { get: () => value, enumerable: true });
  Object.defineProperty(Light, "name", { value: "Response" });
}

/** A copy, so that later changes of the caller's object do not change the answer. */
function linesOf(headers: ResponseInit["headers"]): [name: string, value: string][] {
  if (headers === undefined) return [];
  if (Symbol.iterator in headers) return Array.from(headers, ([name, value]) => [name!, String(value)]);
  return Object.entries(headers).map(([name, value]) => [name, String(value)]);
}
