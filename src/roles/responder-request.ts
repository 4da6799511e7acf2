import { RequestBody } from "./body.js";
import { contentLengthOf } from "./content-length.js";
import { RoleRequest } from "./request.js";

const noPathParams: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null) as Record<string, string>,
);

/** A request that a responder answers (section 6.2). */
export class ResponderRequest extends RoleRequest {
  #body: RequestBody | undefined;
  /** The segments that the route captured, decoded. */
  pathParams: Readonly<Record<string, string>> = noPathParams;

  /** The request body, FCGI_STDIN. */
  get body(): RequestBody {
    return (this.#body ??= new RequestBody(this.exchange.stdin, {
      contentType: this.params.get("CONTENT_TYPE"),
      contentLength: contentLengthOf(this.params),
    }));
  }
}
