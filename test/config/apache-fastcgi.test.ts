// mod_fastcgi has no Debian package. These files were run by hand; here they are held to what was run.
import { expect, test } from "vitest";

import { apache } from "../../src/config/apache/apache.js";
import type { Configuration } from "../../src/config/configuration.js";
import { parseDeployment, type DeploymentInput } from "../../src/config/deployment.js";
import type { RouteDescription } from "../../src/paths/routes-of.js";

const members: RouteDescription = {
  responders: [{ routes: [{ path: "/members/greeting" }] }],
  authorizers: [{ paths: ["/members/**"], variables: ["AUTH_USER"] }],
  filters: [],
};

function write(input: DeploymentInput = {}, apacheOptions: DeploymentInput["apache"] = {}): Configuration {
  const deployment = parseDeployment({
    name: "app",
    state: "/srv/apache",
    ...input,
    apache: { responder: "fastcgi", ...apacheOptions },
  });
  return apache({ deployment, description: members });
}

test("mod_fastcgi connects to the application, passes Authorization on, and sends what comes at once", () => {
  const { files, folders, owned, isTested } = write({ listen: "127.0.0.1:9123", timeout: 61 });
  const { text } = files[0]!;
  expect(text).toContain(
    'FastCgiExternalServer "/srv/apache/app/app" -host "127.0.0.1:9123" -pass-header Authorization -idle-timeout 61 -flush\n',
  );
  expect(text).toContain("LoadModule fastcgi_module /usr/lib/apache2/modules/mod_fastcgi.so\n");
  expect(text).not.toContain("auth_basic");
  expect(folders).toContain("/srv/apache/app");
  expect(owned).toEqual({ path: "/srv/apache/fastcgi", user: "www-data", group: "www-data" });
  expect(isTested).toBe(false);
});

test("mod_fastcgi connects to a unix socket", () => {
  expect(write({ listen: "unix:/run/app.sock" }).files[0]!.text).toContain('-socket "/run/app.sock" ');
});

test.each([
  ["fastcgi-access-checker", "FastCgiAccessChecker", false],
  ["fastcgi-authenticator", "FastCgiAuthenticator", true],
  ["fastcgi-authorizer", "FastCgiAuthorizer", true],
] as const)("%s asks the authorizer, and has the last word", (authorizer, directive, needsUser) => {
  const { text } = write({}, { authorizer, passwordFile: "/srv/htpasswd" }).files[0]!;
  const location = /<LocationMatch [\s\S]*?<\/LocationMatch>/.exec(text)![0];
  expect(location).toContain(`  ${directive} "/srv/apache/app/app"\n  ${directive}Authoritative On\n`);
  expect(location.includes("Require valid-user")).toBe(needsUser);
  // mod_auth_basic would answer an authenticator's question itself.
  expect(text.includes("auth_basic_module")).toBe(authorizer === "fastcgi-authorizer");
});

test("the access checker is the default", () => {
  expect(write().files[0]!.text).toContain("FastCgiAccessChecker ");
});

test.each<[DeploymentInput, DeploymentInput["apache"], RegExp]>([
  [{}, { authorizer: "check-authn" }, /its responder, fastcgi, belong together/],
  [{}, { authorizer: "fastcgi-access-checker", responder: "proxy-pass" }, /belong together/],
  [{}, { authorizer: "fastcgi-authorizer" }, /no apache\.passwordFile/],
  [{ mount: "/app" }, {}, /with responder fastcgi at \/app: it was run for a whole server only/],
])("refuses %j with %j", (input, apacheOptions, message) => {
  expect(() => write(input, apacheOptions)).toThrow(
    expect.objectContaining({ code: "ERR_DEPLOYMENT", message: expect.stringMatching(message) }),
  );
});
