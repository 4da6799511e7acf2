/**
 * What RFC 3875, section 4.1, puts into the environment of a CGI program about its request, and what servers add to
 * that. HTTP_* stands for the client's header fields, REDIRECT_* for what was known before an internal redirect.
 */
const OF_THE_REQUEST =
  /^(?:(?:HTTP|REDIRECT|SSL_CLIENT)_.*|AUTH_TYPE|CONTENT_(?:LENGTH|TYPE)|CONTEXT_(?:DOCUMENT_ROOT|PREFIX)|DOCUMENT_(?:ROOT|URI)|GATEWAY_INTERFACE|HTTPS|PATH_(?:INFO|TRANSLATED)|QUERY_STRING|REMOTE_(?:ADDR|HOST|IDENT|PASSWD|PORT|USER)|REQUEST_(?:METHOD|SCHEME|URI)|SCRIPT_(?:FILENAME|NAME|URI|URL)|SERVER_(?:ADDR|ADMIN|NAME|PORT|PROTOCOL|SIGNATURE|SOFTWARE)|UNIQUE_ID)$/;

/** Whether an environment is that of a CGI program (RFC 3875, section 4.1.4), and so belongs to one request. */
export function isCgi(environment: NodeJS.ProcessEnv): boolean {
  return (
    environment["GATEWAY_INTERFACE"]?.startsWith("CGI/") === true &&
    environment["REQUEST_METHOD"] !== undefined
  );
}

/** Whether this process was started as a CGI program. It stays so when the variables of its request were taken. */
export const startedAsCgi = isCgi(process.env);

/**
 * The variables of a CGI program, all of them, since the server's own cannot be told from those that were set for the
 * program. Those of the request are removed: what a client says stays in params, as it does under FastCGI. A client
 * that sends the header `Proxy` would else choose the proxy of whatever the handlers use or run (CVE-2016-5385).
 */
export function takeCgiVariables(environment: NodeJS.ProcessEnv): readonly (readonly [string, string])[] {
  const variables = Object.entries(environment).map(([name, value = ""]) => [name, value] as const);
  for (const [name] of variables) if (OF_THE_REQUEST.test(name)) delete environment[name];
  return variables;
}
