import { ProtocolError } from "../errors.js";
import { isGatewayName } from "./cgi-params.js";
import { headerText } from "./header-text.js";

const PREFIX = "variable-";

/**
 * The variables that an authorizer's `Variable-*` headers define (section 6.3), named as the role that answers will
 * see them: without the prefix, in upper case, with "_" for what no variable name has. So `Variable-Remote-User`
 * becomes REMOTE_USER.
 *
 * A name that only the gateway sets is left out: no authorizer makes up a REQUEST_METHOD or an HTTP header.
 *
 * @throws ProtocolError where one name comes with two values, since nobody can tell which one was meant
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
        `Cannot take variable ${name} from the authorizer: it has two values`,
      );
    }
    variables.set(name, value);
  }
  return variables;
}
