import type { MultipartLimits } from "../body/multipart.js";
import type { Part } from "../body/part.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { blamingCaller } from "../diagnostics/caller.js";
import { requireParentheses } from "./decorated.js";
import type { BindingSource, NamedPart } from "./marks.js";
import { markMember } from "./metadata.js";
import type { Output, Schema, TakesQuery, TakesText } from "./schema.js";

/** The declared type of one parameter of a method. */
type ParameterOf<T, K extends keyof T, I extends number> = T[K] extends (...args: infer P) => unknown
  ? P[I]
  : never;

/** Anything where the parameter can hold what is supplied, else a type that no index has. */
type Fits<Declared, Supplied> = [Supplied] extends [Declared]
  ? unknown
  : { "the schema's output does not fit this parameter": Supplied };

/**
 * A parameter decorator that supplies a value of type `Supplied`. The compiler hands it the literal key and index, so it
 * refuses a parameter that is declared as something else.
 */
export type Bind<Supplied> = <T, K extends keyof T & (string | symbol), I extends number>(
  target: T,
  key: K,
  index: I & Fits<ParameterOf<T, K, I>, Supplied>,
) => void;

/** How much of a body is collected. */
export interface BodyOptions {
  /** Bytes; 1 MiB if left out. More is answered with 413. */
  readonly limit?: number | undefined;
}

/** Binds a segment that the route captures, decoded: `@Path("id", z.coerce.number())` for `/books/:id`. */
export function Path(name: string): Bind<string>;
export function Path<S extends Schema>(name: string, schema: S & TakesText<S>): Bind<Output<S>>;
export function Path(name: string, schema?: Schema): Bind<never> {
  checkCall(Path, "@Path", [name, schema]);
  return bindNamed("@Path", "path", name, schema);
}

/**
 * Binds the query: as a whole through an object schema, or the value of one name. A name that is repeated is a list for
 * the schema, and so is any name where the schema wants a list, however it is combined. Without a schema the first value
 * is supplied.
 */
export function Query(name: string): Bind<string | undefined>;
export function Query<S extends Schema>(name: string, schema: S & TakesText<S>): Bind<Output<S>>;
export function Query<S extends Schema>(schema: S & TakesQuery<S>): Bind<Output<S>>;
export function Query(nameOrSchema: string | Schema, schema?: Schema): Bind<never> {
  checkCall(Query, "@Query", [nameOrSchema, schema]);
  if (typeof nameOrSchema === "string") return bindNamed("@Query", "query", nameOrSchema, schema);
  return bind("@Query", { from: "query", schema: nameOrSchema });
}

/** Binds a header field; its name is compared without case. */
export function Header(name: string): Bind<string | undefined>;
export function Header<S extends Schema>(name: string, schema: S & TakesText<S>): Bind<Output<S>>;
export function Header(name: string, schema?: Schema): Bind<never> {
  checkCall(Header, "@Header", [name, schema]);
  return bindNamed("@Header", "header", name, schema);
}

/** Binds a cookie. */
export function Cookie(name: string): Bind<string | undefined>;
export function Cookie<S extends Schema>(name: string, schema: S & TakesText<S>): Bind<Output<S>>;
export function Cookie(name: string, schema?: Schema): Bind<never> {
  checkCall(Cookie, "@Cookie", [name, schema]);
  return bindNamed("@Cookie", "cookie", name, schema);
}

/** Binds a CGI variable from FCGI_PARAMS: `@Variable("REMOTE_ADDR")`, or what an authorizer handed on. */
export function Variable(name: string): Bind<string | undefined>;
export function Variable<S extends Schema>(name: string, schema: S & TakesText<S>): Bind<Output<S>>;
export function Variable(name: string, schema?: Schema): Bind<never> {
  checkCall(Variable, "@Variable", [name, schema]);
  return bindNamed("@Variable", "variable", name, schema);
}

/** Binds the request itself, for what no other decorator supplies. */
export function Req(...none: readonly never[]): Bind<ResponderRequest> {
  checkCall(Req, "@Req", none);
  return bind("@Req", { from: "request" });
}

/** Binds a signal that is aborted when the request ends early. Its reason is an AbortedError. */
export function Signal(...none: readonly never[]): Bind<AbortSignal> {
  checkCall(Signal, "@Signal", none);
  return bind("@Signal", { from: "signal" });
}

/** The decorators that bind the body of a request (FCGI_STDIN). A body can be read once, so one of them a method. */
export interface BodyDecorators {
  /** Binds a JSON or urlencoded body, by its Content-Type, through a schema; any other type is answered with 415. */
  <S extends Schema>(schema: S, options?: BodyOptions): Bind<Output<S>>;
  /** Binds the body as text. */
  text(options?: BodyOptions): Bind<string>;
  /** Binds the body as bytes. */
  bytes(options?: BodyOptions): Bind<Buffer>;
  /** Binds the body piece by piece, as it arrives, without a limit and with back-pressure. */
  pieces(): Bind<AsyncIterable<Uint8Array>>;
  /** Binds the body as a web stream, without a limit and with back-pressure. */
  stream(): Bind<ReadableStream<Uint8Array>>;
  /** Binds the parts of a multipart/form-data body, one after the other. */
  multipart(limits?: MultipartLimits): Bind<AsyncIterable<Part>>;
}

/** Binds the body of a request: see {@link BodyDecorators}. */
export const Body: BodyDecorators = Object.assign(ofSchema, { text, bytes, pieces, stream, multipart });

function ofSchema(schema: Schema, options: BodyOptions = {}): Bind<never> {
  checkCall(ofSchema, "@Body", [schema, options]);
  return bind("@Body", { from: "body", schema, limit: options.limit });
}

function text(options: BodyOptions = {}, ...rest: readonly never[]): Bind<string> {
  checkCall(text, "@Body.text", [options, ...rest]);
  return bind("@Body.text", { from: "text", limit: options.limit });
}

function bytes(options: BodyOptions = {}, ...rest: readonly never[]): Bind<Buffer> {
  checkCall(bytes, "@Body.bytes", [options, ...rest]);
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
  return bind("@Body.multipart", { from: "multipart", limits });
}

/** Refuses a decorator that is written without its parentheses. */
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
      // Parameter decorators run from the last to the first.
      markMember(target as object, key, decorator).bindings.unshift({ decorator, index, source });
    });
  return apply;
}
