import { RequestBody } from "../body/body.js";
import { contentLengthOf } from "../http/content-length.js";
import { RoleRequest } from "./request.js";

/** A request of a role in which the Web server sends the request body (sections 6.2 and 6.4). */
export abstract class BodyRequest extends RoleRequest {
  #body: RequestBody | undefined;

  /** The request body, FCGI_STDIN. */
  get body(): RequestBody {
    return (this.#body ??= new RequestBody(this.exchange.stdin, {
      contentType: this.params.get("CONTENT_TYPE"),
      contentLength: contentLengthOf(this.params),
      contentCodings: this.params.getAll("HTTP_CONTENT_ENCODING"),
    }));
  }
}

const noPathParams: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null) as Record<string, string>,
);

/** A request that a responder answers (section 6.2). */
export class ResponderRequest extends BodyRequest {
  /** The segments that the route captured, decoded. */
  pathParams: Readonly<Record<string, string>> = noPathParams;
}
