import { expect, test } from "vitest";

import { isCgi, takeCgiVariables } from "../../src/process/cgi-environment.js";

test.each([
  [{ GATEWAY_INTERFACE: "CGI/1.1", REQUEST_METHOD: "GET" }, true],
  [{ GATEWAY_INTERFACE: "CGI/1.1" }, false],
  [{ REQUEST_METHOD: "GET" }, false],
  [{ GATEWAY_INTERFACE: "CGI-Perl", REQUEST_METHOD: "GET" }, false],
])("%j is the environment of a CGI program: %s", (environment, expected) => {
  expect(isCgi(environment)).toBe(expected);
});

test("a request is removed from the environment, which keeps the program's variables, and params have both", () => {
  const ofTheRequest = {
    AUTH_TYPE: "Basic",
    CONTENT_LENGTH: "5",
    CONTENT_TYPE: "text/plain",
    DOCUMENT_ROOT: "/srv",
    GATEWAY_INTERFACE: "CGI/1.1",
    HTTPS: "on",
    HTTP_COOKIE: "session=s3cret",
    HTTP_PROXY: "http://192.0.2.66:8080",
    PATH_INFO: "/a",
    PATH_TRANSLATED: "/srv/a",
    QUERY_STRING: "b=c",
    REDIRECT_HTTP_PROXY: "http://192.0.2.66:8080",
    REDIRECT_STATUS: "200",
    REMOTE_ADDR: "192.0.2.1",
    REMOTE_USER: "ada",
    REQUEST_METHOD: "POST",
    REQUEST_URI: "/app/a?b=c",
    SCRIPT_NAME: "/app",
    SERVER_SOFTWARE: "Apache",
    SSL_CLIENT_S_DN: "CN=Ada",
  };
  const ofTheProgram = {
    DATABASE_URL: "postgres://localhost/hats",
    HTTPS_PROXY: "http://proxy.example:3128",
    LD_LIBRARY_PATH: "/opt/lib",
    PATH: "/usr/bin",
    SSL_CERT_FILE: "/etc/ssl/ours.pem",
    TRICORN_LOG: "/var/log/hats.log",
    http_proxy: "http://proxy.example:3128",
  };
  const environment: NodeJS.ProcessEnv = { ...ofTheProgram, ...ofTheRequest };
  expect(Object.fromEntries(takeCgiVariables(environment))).toEqual({ ...ofTheProgram, ...ofTheRequest });
  expect(environment).toEqual(ofTheProgram);
});
