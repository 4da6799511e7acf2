import { HttpError } from "./http-error.js";

/** The field that lists the methods of a resource (RFC 9110, section 10.2.1), for a 405 and for OPTIONS. */
export function allowField(methods: readonly string[]): { readonly Allow: string } {
  return { Allow: methods.join(", ") };
}

/** The 405 of a resource that has only these methods (RFC 9110, section 15.5.6). */
export function methodNotAllowed(methods: readonly string[]): HttpError {
  return new HttpError(405, "This resource has no such method.", { headers: allowField(methods) });
}
