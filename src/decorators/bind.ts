import type { MultipartLimits } from "../body/multipart.js";
import type { Part } from "../body/part.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { blamingCaller } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import { requireParentheses } from "./check-decorator.js";
import { type BindingSource, type NamedPart, methodMetadata } from "./metadata.js";
import type { Output, Schema, AcceptsQuery, AcceptsText } from "./schema.js";

/** The declared type of one parameter of a method. */
type ParameterOf<T, K extends keyof T, I extends number> = T[K] extends (...args: infer P) => unknown
  ? P[I]
  : never;

/** `unknown` if the parameter's declared type accepts the supplied type, else a type that no index has. */
type Fits<Declared, Supplied> = [Supplied] extends [Declared]
  ? unknown
  : { "the schema's output does not fit this parameter": Supplied };

/**
 * A parameter decorator that supplies a value of type `Supplied`. The compiler passes it the literal key and index, so that
 * a parameter of another declared type is a compile error.
 */
export type Bind<Supplied> = <T, K extends keyof T & (string | symbol), I extends number>(
  target: T,
  key: K,
  index: I & Fits<ParameterOf<T, K, I>, Supplied>,
) => void;

/** Options of a body that is collected in memory. */
export interface BodyOptions {
  /** The limit in bytes; defaults to 1 MiB. A larger body is answered with 413. */
  readonly limit?: number | undefined;
}

/**
 * Binds a captured segment of the route, decoded: `@Path("id", z.coerce.number())` for `/books/:id`.
 *
 * @example
 * ```ts
 * import { Get, Path, Responder } from "tricorn";
 * import { z } from "zod";
 *
 * const Id = z.coerce.number().int().positive();
 *
 * @Responder("/books")
 * class Books {
 *   @Get("/:id")
 *   show(@Path("id", Id) id: number) {
 *     return { id };
 *   }
 * }
 * ```
 */
export function Path(name: string): Bind<string>;
export function Path<S extends Schema>(name: string, schema: S & AcceptsText<S>): Bind<Output<S>>;
export function Path(name: string, schema?: Schema): Bind<never> {
  checkCall(Path, "@Path", [name, schema]);
  return bindNamed("@Path", "path", name, schema);
}

/**
 * Binds the whole query through an object schema, or the value of one name. The schema receives a list for a repeated name,
 * and for any name where it accepts only a list. Without a schema, the first value is supplied.
 *
 * @example
 * ```ts
 * import { Get, Query, Responder } from "tricorn";
 * import { z } from "zod";
 *
 * const Page = z.object({ page: z.coerce.number().int().default(1) });
 *
 * @Responder("/books")
 * class Books {
 *   @Get("/")
 *   list(@Query(Page) { page }: z.infer<typeof Page>) {
 *     return { page };
 *   }
 * }
 * ```
 */
export function Query(name: string): Bind<string | undefined>;
export function Query<S extends Schema>(name: string, schema: S & AcceptsText<S>): Bind<Output<S>>;
export function Query<S extends Schema>(schema: S & AcceptsQuery<S>): Bind<Output<S>>;
export function Query(nameOrSchema: string | Schema, schema?: Schema): Bind<never> {
  checkCall(Query, "@Query", [nameOrSchema, schema]);
  if (typeof nameOrSchema === "string") return bindNamed("@Query", "query", nameOrSchema, schema);
  return bind("@Query", { from: "query", schema: nameOrSchema });
}

/**
 * Binds a header field. The name is case-insensitive.
 *
 * @example
 * ```ts
 * import { Get, Header, Responder } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Get("/")
 *   list(@Header("accept-language") languages: string | undefined) {
 *     return { languages };
 *   }
 * }
 * ```
 */
export function Header(name: string): Bind<string | undefined>;
export function Header<S extends Schema>(name: string, schema: S & AcceptsText<S>): Bind<Output<S>>;
export function Header(name: string, schema?: Schema): Bind<never> {
  checkCall(Header, "@Header", [name, schema]);
  return bindNamed("@Header", "header", name, schema);
}

/**
 * Binds a cookie.
 *
 * @example
 * ```ts
 * import { Cookie, Get, Responder } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Get("/")
 *   list(@Cookie("theme") theme: string | undefined) {
 *     return { theme };
 *   }
 * }
 * ```
 */
export function Cookie(name: string): Bind<string | undefined>;
export function Cookie<S extends Schema>(name: string, schema: S & AcceptsText<S>): Bind<Output<S>>;
export function Cookie(name: string, schema?: Schema): Bind<never> {
  checkCall(Cookie, "@Cookie", [name, schema]);
  return bindNamed("@Cookie", "cookie", name, schema);
}

/**
 * Binds a CGI variable from FCGI_PARAMS, such as `@Variable("REMOTE_ADDR")` or one that an authorizer passed on.
 *
 * @example
 * ```ts
 * import { Get, Responder, Variable } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Get("/")
 *   list(@Variable("REMOTE_ADDR") address: string | undefined) {
 *     return { address };
 *   }
 * }
 * ```
 */
export function Variable(name: string): Bind<string | undefined>;
export function Variable<S extends Schema>(name: string, schema: S & AcceptsText<S>): Bind<Output<S>>;
export function Variable(name: string, schema?: Schema): Bind<never> {
  checkCall(Variable, "@Variable", [name, schema]);
  return bindNamed("@Variable", "variable", name, schema);
}

/**
 * Binds the request itself, for values that no other decorator supplies.
 *
 * @example
 * ```ts
 * import { Get, Req, Responder, type ResponderRequest } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Get("/")
 *   list(@Req() request: ResponderRequest) {
 *     return { path: request.path };
 *   }
 * }
 * ```
 */
export function Req(...none: readonly never[]): Bind<ResponderRequest> {
  checkCall(Req, "@Req", none);
  return bind("@Req", { from: "request" });
}

/**
 * Binds the request's AbortSignal, which is aborted when the request ends early. Its reason is an AbortedError.
 *
 * @example
 * ```ts
 * import { setTimeout as delay } from "node:timers/promises";
 * import { Get, Responder, Signal } from "tricorn";
 *
 * @Responder("/books")
 * class Books {
 *   @Get("/slow")
 *   async wait(@Signal() signal: AbortSignal) {
 *     await delay(1_000, undefined, { signal });
 *     return "done";
 *   }
 * }
 * ```
 */
export function Signal(...none: readonly never[]): Bind<AbortSignal> {
  checkCall(Signal, "@Signal", none);
  return bind("@Signal", { from: "signal" });
}

/** The decorators that bind the request body (FCGI_STDIN). It can be read once, so a method can use one of them. */
export interface BodyDecorators {
  /** Binds a JSON or urlencoded body through a schema, by its Content-Type; any other type is answered with 415. */
  <S extends Schema>(schema: S, options?: BodyOptions): Bind<Output<S>>;
  /** Binds the body as text. */
  text(options?: BodyOptions): Bind<string>;
  /** Binds the body as bytes. */
  bytes(options?: BodyOptions): Bind<Buffer>;
  /** Binds the body in pieces, as they arrive, without a limit and with back-pressure. */
  pieces(): Bind<AsyncIterable<Uint8Array>>;
  /** Binds the body as a web stream, without a limit and with back-pressure. */
  stream(): Bind<ReadableStream<Uint8Array>>;
  /** Binds the parts of a multipart/form-data body, in order. */
  multipart(limits?: MultipartLimits): Bind<AsyncIterable<Part>>;
}

/**
 * Binds the body of a request: see {@link BodyDecorators}.
 *
 * @example
 * ```ts
 * import { Body, Post, Responder } from "tricorn";
 * import { z } from "zod";
 *
 * const NewBook = z.strictObject({ title: z.string().trim().min(1) });
 *
 * @Responder("/books")
 * class Books {
 *   @Post("/", { status: 201 })
 *   add(@Body(NewBook) { title }: z.infer<typeof NewBook>) {
 *     return { title };
 *   }
 * }
 * ```
 */
export const Body: BodyDecorators = Object.assign(ofSchema, { text, bytes, pieces, stream, multipart });

function ofSchema(schema: Schema, options: BodyOptions = {}): Bind<never> {
  checkCall(ofSchema, "@Body", [schema, options]);
  blamingCaller(ofSchema, () => refuseUnknownOptions("@Body", options));
  return bind("@Body", { from: "body", schema, limit: options.limit });
}

function text(options: BodyOptions = {}, ...rest: readonly never[]): Bind<string> {
  checkCall(text, "@Body.text", [options, ...rest]);
  blamingCaller(text, () => refuseUnknownOptions("@Body", options));
  return bind("@Body.text", { from: "text", limit: options.limit });
}

function bytes(options: BodyOptions = {}, ...rest: readonly never[]): Bind<Buffer> {
  checkCall(bytes, "@Body.bytes", [options, ...rest]);
  blamingCaller(bytes, () => refuseUnknownOptions("@Body", options));
  return bind("@Body.bytes", { from: "bytes", limit: options.limit });
}

function pieces(...none: readonly never[]): Bind<AsyncIterable<Uint8Array>> {
  checkCall(pieces, "@Body.pieces", none);
  return bind("@Body.pieces", { from: "pieces" });
}

function stream(...none: readonly never[]): Bind<ReadableStream<Uint8Array>> {
  checkCall(stream, "@Body.stream", none);
  return bind("@Body.stream", { from: "stream" });
}

function multipart(limits?: MultipartLimits, ...rest: readonly never[]): Bind<AsyncIterable<Part>> {
  checkCall(multipart, "@Body.multipart", [limits, ...rest]);
  blamingCaller(multipart, () => refuseUnknownOptions("@Body.multipart", limits));
  return bind("@Body.multipart", { from: "multipart", limits });
}

/** Rejects a decorator without parentheses. */
function checkCall(called: (...args: never[]) => unknown, decorator: string, args: readonly unknown[]): void {
  blamingCaller(called, () => requireParentheses(decorator, args));
}

function bindNamed<Supplied>(
  decorator: string,
  part: NamedPart,
  name: string,
  schema: Schema | undefined,
): Bind<Supplied> {
  return bind(`${decorator}(${JSON.stringify(name)})`, { from: "named", part, name, schema });
}

function bind<Supplied>(decorator: string, source: BindingSource): Bind<Supplied> {
  const apply: Bind<Supplied> = (target, key, index) =>
    blamingCaller(apply, () => {
      // Parameter decorators run last to first.
      methodMetadata(target as object, key, decorator).bindings.unshift({ decorator, index, source });
    });
  return apply;
}
