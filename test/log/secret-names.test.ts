import { expect, test } from "vitest";

import { maskParams } from "../../src/log/mask-params.js";
import { isSecretMember, isSecretName } from "../../src/log/secret-names.js";
import { Params } from "../../src/protocol/params.js";

test.each(
  (
    "pw pwd pass PIN pin_code userPin otp TOTP auth x-auth HTTP_X_AUTH credential db_credentials creds password " +
    "Passwd passphrase dbpass userpwd newPass2 apiKey API-KEY accesskey private_key sid PHPSESSID JSESSIONID csrf_token jwt " +
    "auth_code verificationCode tokens[] clientSecret X-Amz-Signature"
  ).split(" "),
)("%s names a secret", (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.each(
  (
    "encode author authors keyboard key_id status_code country_code postalCode passage passed compass bypass spin pinned " +
    "opinion option side auth_type AUTH_USER AUTH_ROLE REMOTE_USER HTTP_ACCEPT_ENCODING HTTP_SEC_WEBSOCKET_KEY monkey " +
    "code key sig"
  ).split(" "),
)("%s names no secret", (name) => {
  expect(isSecretName(name)).toBe(false);
});

test.each(["code", "KEY", "sig", "pw"])("%s names a secret as a member of a query", (name) => {
  expect(isSecretMember(name)).toBe(true);
});

test("an error page masks the same names in params and queries", () => {
  const params = Params.from({
    HTTP_X_PW: "lovelace",
    HTTP_X_AUTHOR: "Ada",
    QUERY_STRING: "pw=one1&code=two2&author=Ada&encode=utf8",
    HTTP_REFERER: "http://a/?otp=three3&page=2",
  });
  expect(maskParams(params, []).pairs).toEqual([
    ["HTTP_X_PW", "[redacted]"],
    ["HTTP_X_AUTHOR", "Ada"],
    ["QUERY_STRING", "pw=[redacted]&code=[redacted]&author=Ada&encode=utf8"],
    ["HTTP_REFERER", "http://a/?otp=[redacted]&page=2"],
  ]);
});
