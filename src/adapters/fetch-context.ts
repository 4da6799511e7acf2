import type { ResponderRequest } from "../roles/responder-request.js";

const REQUEST = Symbol("request");

interface Context {
  readonly [REQUEST]: ResponderRequest;
}

/** Made with the first request: the members that an instance has of its own are seen only then. */
let prototype: object | undefined;

/**
 * The second argument of a fetch function: an object of its own for each request, with all members of a
 * `ResponderRequest`. Frameworks extend it and assign what they like, `request` and `params` too, as GraphQL Yoga does;
 * the request itself does not change by that.
 */
export function fetchContext(request: ResponderRequest): ResponderRequest {
  const context = Object.create((prototype ??= forwarding(request))) as { [REQUEST]: ResponderRequest };
  Object.defineProperty(context, REQUEST, { value: request });
  return context as unknown as ResponderRequest;
}

function forwarding(instance: ResponderRequest): object {
  const members = new Set(Reflect.ownKeys(instance));
  const ofClass = Object.getPrototypeOf(instance) as object;
  for (let level = ofClass; level !== Object.prototype; level = Object.getPrototypeOf(level) as object)
    for (const key of Reflect.ownKeys(level)) if (key !== "constructor") members.add(key);
  const result = Object.create(ofClass) as object;
  for (const key of members) {
    Object.defineProperty(result, key, {
      get(this: Context): unknown {
        const request = this[REQUEST];
        const value = Reflect.get(request, key) as unknown;
        return typeof value === "function" ? (value.bind(request) as unknown) : value;
      },
      set(this: Context, value: unknown) {
        Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
      },
      configurable: true,
    });
  }
  return result;
}
