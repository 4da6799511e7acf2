import { ProtocolError } from "../errors.js";
import { headerText, isGatewayName } from "./cgi-params.js";

const PREFIX = "variable-";

/**
 * The variables that an authorizer's `Variable-*` fields define (section 6.3), as the responding role sees them: without the
 * prefix, in upper case, with "_" for other characters. `Variable-Remote-User` becomes REMOTE_USER.
 *
 * Names that only the gateway sets are ignored: an authorizer cannot define REQUEST_METHOD or a header field.
 *
 * @throws ProtocolError if a name has two different values
 */
export function variablesOf(headers: Iterable<readonly [name: string, value: string]>): Map<string, string> {
  const variables = new Map<string, string>();
  for (const [header, bytes] of headers) {
    if (!header.toLowerCase().startsWith(PREFIX)) continue;
    const name = header
      .slice(PREFIX.length)
      .replaceAll(/[^0-9A-Za-z]/g, "_")
      .toUpperCase();
    if (name === "" || isGatewayName(name)) continue;
    const value = headerText(bytes);
    const earlier = variables.get(name);
    if (earlier !== undefined && earlier !== value) {
      throw new ProtocolError(
        "ERR_FCGI_RESPONSE_HEADER",
        `Cannot accept variable ${name} of the authorizer: it has two values`,
      );
    }
    variables.set(name, value);
  }
  return variables;
}
