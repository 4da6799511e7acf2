import { BodyRequest } from "./body-request.js";

const noPathParams: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null) as Record<string, string>,
);

/** A request that a responder answers (section 6.2). */
export class ResponderRequest extends BodyRequest {
  /** The segments that the route captured, decoded. */
  pathParams: Readonly<Record<string, string>> = noPathParams;
}
