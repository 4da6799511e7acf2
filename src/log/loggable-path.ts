import { isSecretMember } from "./secret-names.js";

/** The scheme and the user information of a target in absolute-form (RFC 3986, section 3.2.1). */
const USER = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;
/** A parameter of a path segment (RFC 3986, section 3.3), such as `;jsessionid=…`. */
const PARAMETER = /;([^;=/]{1,128})=([^;/]*)/g;

/** The path of a request target for a log: without the query, which may hold secrets, nor users and secret parameters. */
export function loggablePath(target: string): string {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (path.startsWith("/") && !path.includes(";")) return path;
  return path
    .replace(USER, "$1")
    .replaceAll(PARAMETER, (parameter, name: string) =>
      isSecretMember(name) ? `;${name}=[redacted]` : parameter,
    );
}
