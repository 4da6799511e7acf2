import { HttpError } from "../http/http-error.js";
import type { BodyLimits } from "../body/body.js";
import type { RoleRequest } from "../roles/request.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { compileFields, compileValues, emptyFields, type Fields } from "./fields.js";
import type { ReadFrom } from "./issue.js";
import type { BindingSource, NamedPart } from "./metadata.js";
import type { Schema } from "./schema.js";
import { compileSchema } from "./validate.js";

/** Reads the value of one parameter from a request; a promise only if it must be awaited. */
export type Extract = (request: never) => unknown;

/** A request with a body: of a responder or a filter. */
type RequestWithBody = Pick<ResponderRequest, "body">;

/** Compiles a binding's source into a function that reads it from a request. */
export function compileSource(source: BindingSource): Extract {
  switch (source.from) {
    case "named":
      return compileNamed(source);
    case "query":
      return compileQuery(source.schema);
    case "body":
      return compileBody(source.schema, limitsOf(source.limit));
    case "text": {
      const limits = limitsOf(source.limit);
      return ({ body }: RequestWithBody) => body.text(limits);
    }
    case "bytes": {
      const limits = limitsOf(source.limit);
      return ({ body }: RequestWithBody) => body.bytes(limits);
    }
    case "multipart":
      return ({ body }: RequestWithBody) => body.multipart(source.limits);
    case "pieces":
      return ({ body }: RequestWithBody) => body.pieces();
    case "stream":
      return ({ body }: RequestWithBody) => body.stream();
    case "request":
      return (request: RoleRequest) => request;
    case "signal":
      return ({ signal }: RoleRequest) => signal;
  }
}

const bodySources: ReadonlySet<BindingSource["from"]> = new Set([
  "body",
  "text",
  "bytes",
  "pieces",
  "stream",
  "multipart",
]);

/** Whether the value is read from the body, which is read after all other values have passed validation. */
export function readsBody({ from }: BindingSource): boolean {
  return bodySources.has(from);
}

function limitsOf(limit: number | undefined): BodyLimits {
  return limit === undefined ? {} : { bytes: limit };
}

function compileNamed({ part, name, schema }: BindingSource & { from: "named" }): Extract {
  if (part === "query" && schema !== undefined) return compileQueryValues(name, schema);
  const read = readNamed(part, name);
  if (schema === undefined) return read;
  const validate = compileValues(schema, { part, at: [name] });
  return (request: never) => validate(read(request));
}

function readNamed(part: NamedPart, name: string): (request: never) => string | undefined {
  switch (part) {
    case "path":
      return ({ pathParams }: ResponderRequest) => pathParams[name];
    case "query":
      return ({ query }: RoleRequest) => query.get(name) ?? undefined;
    case "header":
      return ({ headers }: RoleRequest) => headers.get(name);
    case "cookie":
      return ({ cookies }: RoleRequest) => cookies[name];
    case "variable":
      return ({ params }: RoleRequest) => params.get(name);
  }
}

function compileQueryValues(name: string, schema: Schema): Extract {
  const validate = compileValues(schema, { part: "query", at: [name] });
  return ({ query }: RoleRequest) => {
    const values = query.getAll(name);
    return validate(values.length > 1 ? values : values[0]);
  };
}

function compileQuery(schema: Schema): Extract {
  const validate = compileFields(schema, { part: "query", at: [] });
  return ({ query }: RoleRequest) => validate(queryFields(query));
}

/** The fields of a query by name; a list for a repeated name. */
function queryFields(query: URLSearchParams): Fields {
  const fields = emptyFields() as Record<string, string | string[]>;
  for (const [name, value] of query) {
    const earlier = fields[name];
    if (earlier === undefined) fields[name] = value;
    else if (typeof earlier === "string") fields[name] = [earlier, value];
    else earlier.push(value);
  }
  return fields;
}

/** The media types of a body with a schema. */
const ACCEPTED = "application/json, application/x-www-form-urlencoded";

function compileBody(schema: Schema, limits: BodyLimits): Extract {
  const from: ReadFrom = { part: "body", at: [] };
  const validate = compileSchema(schema, from);
  const validateForm = compileFields(schema, from);
  return async ({ body }: RequestWithBody) => {
    const type = body.contentType;
    if (type === "application/json" || type?.endsWith("+json") === true)
      return validate(await body.json(limits));
    if (type === "application/x-www-form-urlencoded") return validateForm(await body.form(limits));
    // RFC 9110, section 15.5.16: Accept lists the supported media types.
    throw new HttpError(415, `The body must have the media type ${ACCEPTED.replace(", ", " or ")}.`, {
      code: "ERR_BODY_TYPE",
      headers: { Accept: ACCEPTED },
    });
  };
}
