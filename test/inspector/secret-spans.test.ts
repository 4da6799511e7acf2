import { describe, expect, test } from "vitest";

import { SecretNames } from "../../src/inspector/secret-spans.js";
import { joinedSpans, type Span } from "../../src/inspector/spans.js";

const names = new SecretNames(["X-Badge", "HTTP_X_SEAL", "pin_code"]);

/** The text with `#` for each masked character. */
function masked(text: string, spans: readonly Span[]): string {
  let shown = text;
  for (const { start, end } of joinedSpans(spans))
    shown = shown.slice(0, start) + "#".repeat(end - start) + shown.slice(end);
  return shown;
}

test.each([
  ["HTTP_AUTHORIZATION", "Basic YWRhOmw=", "Basic ########"],
  ["HTTP_AUTHORIZATION", "s3cret", "######"],
  ["Authorization", "Bearer abc", "Bearer ###"],
  ["HTTP_PROXY_AUTHORIZATION", "Basic YQ==", "Basic ####"],
  ["REDIRECT_HTTP_AUTHORIZATION", "Basic YQ==", "Basic ####"],
  ["AUTH_TYPE", "Basic", "Basic"],
  ["AUTH_TYPE", "Basic YQ==", "Basic ####"],
  ["REMOTE_PASSWD", "lovelace", "########"],
  ["HTTP_COOKIE", "sid=abc; theme=dark; bare", "sid=###; theme=####;#####"],
  ["Set-Cookie", "sid=abc; Path=/; HttpOnly", "sid=###; Path=/; HttpOnly"],
  ["Set-Cookie", "abc", "###"],
  ["REQUEST_URI", "/a?page=2&access_token=abc#x", "/a?page=2&access_token=#####"],
  ["REQUEST_URI", "http://ada:love@host/", "http://########@host/"],
  ["QUERY_STRING", "next=http://ada:love@host/", "next=http://########@host/"],
  ["HTTP_ORIGIN", "http://ada:love@host", "http://########@host"],
  ["PATH_INFO", "/a;jsessionid=abc/b", "/a;jsessionid=#####"],
  ["DOCUMENT_URI", "/a;token=abc", "/a;token=###"],
  ["SCRIPT_NAME", "/a;token=abc", "/a;token=###"],
  ["QUERY_STRING", "password=a%20b&x=1", "password=#####&x=1"],
  ["HTTP_REFERER", "http://a/?api_key=1", "http://a/?api_key=#"],
  ["HTTP_X_API_KEY", "abc", "###"],
  ["HTTP_X_CSRF_TOKEN", "abc", "###"],
  ["HTTP_X_BADGE", "abc", "###"],
  ["x-seal", "abc", "###"],
  ["PIN_CODE", "abc", "###"],
  ["AUTH_USER", "ada", "ada"],
  ["AUTH_ROLE", "member", "member"],
  ["HTTP_X_AUTH", "abc", "###"],
  ["HTTP_X_PW", "abc", "###"],
  ["HTTP_SEC_WEBSOCKET_KEY", "abc", "abc"],
  ["HTTP_ACCEPT_ENCODING", "gzip", "gzip"],
  ["HTTP_X_FORWARDED_HOST", "a", "a"],
  ["MEMBER_NAME", "Ada Lovelace", "Ada Lovelace"],
  ["HTTP_ACCEPT", "text/html;q=1", "text/html;q=1"],
])("the secrets in %s: %s are masked as %s", (name, value, shown) => {
  expect(masked(value, names.inValue(name, value))).toBe(shown);
});

describe("the secrets in a body", () => {
  test.each([
    ["user=ada&password=love+lace&x=1", "user=ada&password=#########&x=1"],
    ["pin_code=1234", "pin_code=####"],
    ['{"user": "ada", "password": "lo\\"ve", "n": 1}', '{"user": "ada", "password": ########, "n": 1}'],
    ['{"token":123,"pin_code":"4"}', '{"token":###,"pin_code":###}'],
    ['{"refreshToken":"abc', '{"refreshToken":####'],
    [
      '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nlove\r\n--b--',
      '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n####\r\n--b--',
    ],
    [
      "--b\r\nContent-Disposition: form-data; name=password\r\n\r\nlove\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=password\r\n\r\n####\r\n--b--",
    ],
    ["cannot reach postgres://ada:love@db/books", "cannot reach postgres://########@db/books"],
    ['{"site":"http://host","mail":"ada@host"}', '{"site":"http://host","mail":"ada@host"}'],
    ['<input type="hidden" name="csrf" value="abc">', '<input type="hidden" name="csrf" value="###">'],
    ["Error: login failed for password=abc here", "Error: login failed for password=### here"],
    ["passage=1&keyboard=2", "passage=1&keyboard=2"],
    ["pw=abc&pin=1234&otp=1&auth=x&code=123456", "pw=###&pin=####&otp=#&auth=#&code=######"],
    ["encode=a&author=b&status_code=4&compass=c", "encode=a&author=b&status_code=4&compass=c"],
    ["userPass=abc&dbpwd=x&PHPSESSID=1&pin[0]=1", "userPass=###&dbpwd=#&PHPSESSID=#&pin[0]=#"],
    ['{"code":"123456","authCode":7}', '{"code":########,"authCode":#}'],
    ['{"code":"ERR_FCGI_BODY_TOO_LARGE"} {"code":404}', '{"code":"ERR_FCGI_BODY_TOO_LARGE"} {"code":404}'],
    ['{"key":"a","author":"b","country_code":"DE"}', '{"key":"a","author":"b","country_code":"DE"}'],
    ['{"backupCodes":["a]","b"],"n":1}', '{"backupCodes":##########,"n":1}'],
    ['{"tokens":["a]","b"],"n":1}', '{"tokens":##########,"n":1}'],
    ['{"credentials":{"user":"a","key":["b"]},"n":1}', '{"credentials":########################,"n":1}'],
    ['{"secrets":["a","b', '{"secrets":#######'],
    ['{"otp":true,"pin":null,"pw":""}', '{"otp":true,"pin":null,"pw":##}'],
  ])("are masked: %s", (text, shown) => {
    expect(masked(text, names.inText(text))).toBe(shown);
  });

  test("are found in linear time", () => {
    for (const piece of [
      'name="token"\r\nX: y\r\n',
      '"token":"',
      "token=",
      ' name="csrf" ',
      "://",
      "://a@",
      '"token":[',
      '"token":{"a":1},',
      '"code":',
      '"a\\',
    ]) {
      const count = (length: number): number => {
        const text = piece.repeat(length / piece.length);
        const started = process.cpuUsage();
        names.inText(text);
        const { user } = process.cpuUsage(started);
        return user;
      };
      count(16 * 1024);
      const least = (length: number): number => Math.min(...[1, 2, 3].map(() => count(length)));
      // Quadratic time would be 64 times as much.
      expect(least(256 * 1024)).toBeLessThan(Math.max(24 * least(32 * 1024), 150_000));
    }
  });
});
