import { expect, test } from "vitest";

import { configure } from "../../src/config/configure.js";
import type { DeploymentInput } from "../../src/config/deployment.js";
import { servers } from "../../src/config/servers.js";
import { library, unknown, write } from "./support.js";

/** The whole text of a configuration for SCGI. */
function scgi(server: string, deployment: DeploymentInput = {}, description = unknown): string {
  const { files } = write(server, { protocol: "scgi", ...deployment }, description);
  return files.map(({ text }) => text).join("");
}

test.each<[string, DeploymentInput]>([
  ["a whole server", { root: "/srv/books" }],
  ["a mount", { mount: "/app", root: "/srv/books" }],
  ["a part of a site", { part: "into", mount: "/app", root: "/srv/books" }],
])("nginx gets only directives of its SCGI module for %s", (_what, deployment) => {
  const text = scgi("nginx", deployment, library);
  expect(text).toContain("scgi_pass");
  // This one only sets variables, and there is no other.
  const others = text.match(/\bfastcgi_(?!split_path_info|temp_path|path_info|script_name)\w+/g);
  expect(others).toBeNull();
  expect(text).not.toMatch(/keepalive|CONTENT_LENGTH|FastCGI/);
});

test("nginx sends SCGI 1 in each list of params, to responders and authorizers", () => {
  const lists = scgi("nginx", {}, library).match(/scgi_param GATEWAY_INTERFACE/g)!;
  expect(lists.length).toBeGreaterThan(1);
  expect(
    scgi("nginx", {}, library).match(/scgi_param SCGI 1;\n *scgi_param GATEWAY_INTERFACE/g),
  ).toHaveLength(lists.length);
});

test("Apache and lighttpd connect by their SCGI modules", () => {
  expect(scgi("apache")).toContain('ProxyPass "/" "scgi://127.0.0.1:9000/" timeout=60');
  expect(scgi("apache")).not.toContain("fcgi");
  expect(scgi("lighttpd")).toContain('"mod_scgi"');
  expect(scgi("lighttpd")).toContain("scgi.server = (");
  expect(scgi("lighttpd")).not.toContain("fastcgi");
});

test("Apache does not send the mount as SCRIPT_NAME, so the application must know it", () => {
  const { needs } = write("apache", { protocol: "scgi", mount: "/app" });
  expect(needs.mount).toBe("/app");
});

test("systemd passes the socket by its name, or it would be for FastCGI", () => {
  const deployment = { name: "books", command: ["node", "main.js"], listen: "unix:/run/books/app.sock" };
  expect(scgi("systemd", deployment)).toContain("\nEnvironment=TRICORN_LISTEN=scgi:systemd:books.socket\n");
  expect(scgi("systemd", { ...deployment, systemd: { units: "template" } })).toContain(
    "\nEnvironment=TRICORN_LISTEN=scgi:systemd:books@%i.socket\n",
  );
  expect(scgi("systemd", { ...deployment, protocol: "fastcgi" })).not.toContain("TRICORN_LISTEN");
});

test.each(Object.keys(servers).filter((name) => !["nginx", "apache", "lighttpd", "systemd"].includes(name)))(
  "%s, which does not speak SCGI, is refused",
  (server) => {
    expect(() => configure(server, { deployment: { protocol: "scgi" } })).toThrow(
      expect.objectContaining({
        code: "ERR_DEPLOYMENT",
        message: `Cannot write SCGI for ${server}: only for apache, lighttpd, nginx, systemd; leave out --scgi`,
      }) as Error,
    );
  },
);

test.each([
  ["apache", "Apache"],
  ["lighttpd", "lighttpd"],
])("%s with authorizers, which it cannot ask by SCGI, is refused", (server, name) => {
  expect(() => scgi(server, { protect: ["/members/**"] })).toThrow(
    `Cannot write SCGI for ${name}: it cannot ask authorizers by SCGI, and /members/** has one; leave out --scgi, or use nginx`,
  );
});

test.each<[string, DeploymentInput, string]>([
  [
    "apache",
    { apache: { responder: "set-handler" } },
    "Cannot write SCGI for Apache: it needs apache.responder proxy-pass",
  ],
  [
    "lighttpd",
    { lighttpd: { responder: "spawn" } },
    "Cannot write SCGI for lighttpd: it needs lighttpd.responder connect",
  ],
])("%s is refused in another way to the application: %o", (server, deployment, sentence) => {
  expect(() => scgi(server, deployment)).toThrow(sentence);
});

test("an address that says scgi: itself is refused, also if it could be a host and a port", () => {
  for (const listen of ["scgi:9000", "scgi:127.0.0.1:9000"]) {
    expect(() => scgi("nginx", { listen })).toThrow(`Cannot connect to "${listen}"`);
  }
});
