import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Configuration } from "../../../src/config/configuration.js";
import { parseDeployment, type DeploymentInput } from "../../../src/config/deployment.js";
import { lighttpd } from "../../../src/config/lighttpd/lighttpd.js";
import { ConfigurationError } from "../../../src/errors.js";
import { anyDeployment, library } from "../../config/support/deployments.js";
import { checkedBy } from "../../config/support/own-check.js";

function write(input: DeploymentInput, description = library): Configuration {
  return lighttpd({ deployment: parseDeployment({ state: "/tmp", ...input }), description });
}

const command = ["/usr/bin/node", "/srv/books/main.js"];

function check(input: DeploymentInput, around = (configuration: Configuration) => configuration) {
  return checkedBy(["lighttpd", "-tt", "-f", "{}"], (state) => around(write({ ...input, state })));
}

/** A part of a site, in a configuration such as Debian's. */
function inServer(configuration: Configuration): Configuration {
  const [part, modules, ...programs] = configuration.files;
  const before =
    'server.http-parseopts = ("url-path-2f-decode" => "enable")\nserver.modules = ("mod_staticfile")\nserver.document-root = "/tmp"\n';
  const condition = `$HTTP["host"] == "www.example.org" {\n${part!.text}}\n`;
  const files = [{ name: "main", text: `${before}${modules!.text}${condition}` }, ...programs];
  return { ...configuration, files };
}

test.each(["connect", "spawn", "cgi"] as const)(
  "lighttpd accepts the configuration: %s",
  async (responder) => {
    for (const mount of ["", "/app"]) {
      for (const root of [undefined, "/srv/books/public"]) {
        for (const listen of ["unix:/run/a.sock", "[::1]:9000"]) {
          const door = { responder, processes: 2 };
          const deployment = { command, mount, listen, lighttpd: door, ...(root !== undefined && { root }) };
          expect(await check(deployment)).toEqual({ code: 0, output: "" });
          if (mount === "") continue;
          expect(await check({ ...deployment, part: "into" }, inServer)).toEqual({ code: 0, output: "" });
        }
      }
    }
  },
);

test("lighttpd accepts a configuration with any texts, or it is refused", async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(anyDeployment, async (input) => {
      try {
        write(input);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigurationError);
        return;
      }
      taken += 1;
      expect(await check(input)).toEqual({ code: 0, output: "" });
    }),
    { numRuns: 150 },
  );
  expect(taken).toBeGreaterThan(20);
});

test.each([["*.html"], ["/!a"], ["/index.*"]])(
  "lighttpd accepts a filter of index files, %s, without a warning",
  async (glob) => {
    expect(await check({ root: "/srv", filter: [glob] })).toEqual({ code: 0, output: "" });
  },
);

test("no text of a deployment starts a line", () => {
  fc.assert(
    fc.property(anyDeployment, (input) => {
      let configuration: Configuration;
      try {
        configuration = write(input);
      } catch {
        return;
      }
      const tame = { ...input, listen: "127.0.0.1:9000", ...(input.root !== undefined && { root: "/srv" }) };
      expect(kindsOfLines(configuration)).toEqual(kindsOfLines(write(tame)));
    }),
    { numRuns: 500 },
  );
});

function kindsOfLines({ files }: Configuration): string[] {
  return files[0]!.text.split("\n").map((line) => /^\s*(\S*)/.exec(line)![1]!);
}

describe("a lighttpd configuration", () => {
  const hello = { responders: [{ routes: [{ path: "/" }] }], authorizers: [], filters: [] };

  test("is minimal for an application without files and authorizers", () => {
    const { files, needs } = write({ name: "hello", state: "/run/hello" }, hello);
    expect(needs).toEqual({});
    expect(files[0]!.text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
      'server.modules = ("mod_fastcgi", "mod_staticfile")',
      "server.port = 80",
      'server.username = "www-data"',
      'server.groupname = "www-data"',
      'server.pid-file = "/run/hello/lighttpd.pid"',
      'server.errorlog = "/run/hello/error.log"',
      'server.upload-dirs = ("/run/hello")',
      'server.document-root = "/nonexistent"',
      'var.hello_responder = ("host" => "127.0.0.1", "port" => 9000, "check-local" => "disable", "read-timeout" => 60, "write-timeout" => 60, "fix-root-scriptname" => "enable")',
      "server.max-request-size = 65536",
      '$HTTP["url"] =~ "^/" {',
      '  fastcgi.server = ("/" => (var.hello_responder))',
      "}",
    ]);
  });

  test.each([
    [{}, { vouchesFor: ["AUTH_USER", "REMOTE_USER"] }],
    [{ mount: "/app" }, { mount: "/app", vouchesFor: ["AUTH_USER", "REMOTE_USER"] }],
    [{ root: "/srv" }, { vouchesFor: ["AUTH_USER", "REMOTE_USER"], bridges: { filter: { root: "/srv" } } }],
  ])("says what the application needs for %j", (deployment, needs) => {
    expect(write(deployment).needs).toEqual(needs);
  });

  test.each([
    [["/members/**"], [], true],
    [["*.pdf"], ["*.md"], true],
    [["/a/**", "/b/card.html"], [], true],
    [["*.html"], [], false],
    [["/a/index.*"], [], false],
    [["/a/*"], [], false],
    [["/a/{b,index.html}"], [], false],
    [["**"], [], false],
    [[], ["*.html"], false],
    [[], ["/pages/**"], false],
  ])("protected %j and filtered %j: an index file is served: %s", (protect, filter, isServed) => {
    const { files } = write({ root: "/srv", protect, filter }, hello);
    expect(files[0]!.text.includes('index-file.names = ("index.html")')).toBe(isServed);
  });

  test("sends no file that the application names, unless a folder is given, and none outside it", () => {
    expect(write({}).files[0]!.text).not.toContain("x-sendfile");
    const members = '"x-sendfile" => "enable", "x-sendfile-docroot" => ("/srv/files/")';
    for (const folder of ["/srv/files", "/srv/files/"]) {
      const { text } = write({ lighttpd: { sendfile: folder } }).files[0]!;
      const lines = text.split("\n").filter((line) => line.includes("x-sendfile"));
      expect(lines).toEqual([expect.stringMatching(/^var\.\w+_responder = /)]);
      expect(lines[0]).toContain(members);
    }
    const command = ["node", "main.js"];
    const cgi = write({ command, lighttpd: { responder: "cgi", sendfile: "/srv/files" } }).files[0]!.text;
    expect(cgi).toMatch(/^ *cgi\.x-sendfile = "enable"\n *cgi\.x-sendfile-docroot = \("\/srv\/files\/"\)$/m);
  });

  test("names the package with its HTTPS", () => {
    const note = "lighttpd's HTTPS is in Debian's package lighttpd-mod-openssl.";
    expect(write({ tls: { certificate: "/srv/cert.pem" } }, hello).notes).toEqual([note]);
    expect(write({}, hello).notes).toEqual([]);
  });

  test("never sets the document root of an authorizer: the responder would not be asked", () => {
    for (const root of [undefined, "/srv"]) {
      const { files } = write({ ...(root !== undefined && { root }) });
      expect(files[0]!.text).not.toMatch(/"docroot" =>/);
    }
  });
});
