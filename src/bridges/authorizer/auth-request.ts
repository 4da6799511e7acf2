import { ReplyHeaders } from "../../http/header-fields.js";
import { Deny } from "../../roles/verdict.js";

/** What a denial would have been, for a configuration that turns it back. */
const STATUS_FIELD = "Tricorn-Status";
const LOCATION_FIELD = "Tricorn-Location";

/** The statuses that lead somewhere (RFC 9110, section 15.4), as nginx's `return` knows them. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * A denial as nginx's auth_request understands it: 401, with its WWW-Authenticate, and 403 deny, and everything else is
 * an error that it shows as 500. So a redirect becomes a 401, and what else is no error of the server a 403; two fields
 * tell what it was. nginx shows neither to the client, and no client can set them: they are fields of an answer.
 */
export function asAuthRequest(denial: Deny): Deny {
  const { status, body, type } = denial;
  const headers = new ReplyHeaders(denial.headers).delete(STATUS_FIELD).delete(LOCATION_FIELD);
  if (status === 401 || status === 403 || status >= 500) return new Deny(status, { headers, body, type });
  headers.append(STATUS_FIELD, status);
  if (REDIRECTS.has(status) && headers.getAll("Location").length === 1) {
    return new Deny(401, { headers: headers.rename("Location", LOCATION_FIELD), body, type });
  }
  return new Deny(403, { headers: headers.delete("Location"), body, type });
}
