/**
 * The variables of a CGI program that describe its request: those of RFC 3875, section 4.1, and those that servers add. HTTP_*
 * are the client's header fields, REDIRECT_* the values before an internal redirect.
 */
const REQUEST_VARIABLE =
  /^(?:(?:HTTP|REDIRECT|SSL_CLIENT)_.*|AUTH_TYPE|CONTENT_(?:LENGTH|TYPE)|CONTEXT_(?:DOCUMENT_ROOT|PREFIX)|DOCUMENT_(?:ROOT|URI)|GATEWAY_INTERFACE|HTTPS|PATH_(?:INFO|TRANSLATED)|QUERY_STRING|REMOTE_(?:ADDR|HOST|IDENT|PASSWD|PORT|USER)|REQUEST_(?:METHOD|SCHEME|URI)|SCRIPT_(?:FILENAME|NAME|URI|URL)|SERVER_(?:ADDR|ADMIN|NAME|PORT|PROTOCOL|SIGNATURE|SOFTWARE)|UNIQUE_ID)$/;

/** Whether an environment is that of a CGI program (RFC 3875, section 4.1.4). */
export function isCgi(environment: NodeJS.ProcessEnv): boolean {
  return (
    environment["GATEWAY_INTERFACE"]?.startsWith("CGI/") === true &&
    environment["REQUEST_METHOD"] !== undefined
  );
}

/** Whether this process was started as a CGI program, even after {@link takeCgiVariables}. */
export const startedAsCgi = isCgi(process.env);

/**
 * Returns all variables of a CGI program, because those of the server cannot be told from those of the program, and removes
 * those of the request from the environment: as under FastCGI, a client's values are only in params. Otherwise a client could
 * choose the HTTP proxy of the handlers by the header `Proxy` (CVE-2016-5385).
 */
export function takeCgiVariables(environment: NodeJS.ProcessEnv): readonly (readonly [string, string])[] {
  const variables = Object.entries(environment).map(([name, value = ""]) => [name, value] as const);
  for (const [name] of variables) if (REQUEST_VARIABLE.test(name)) delete environment[name];
  return variables;
}
