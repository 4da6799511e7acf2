import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { apacheWord } from "../../../src/config/apache/apache-text.js";
import { apache } from "../../../src/config/apache/apache.js";
import type { Configuration } from "../../../src/config/configuration.js";
import { parseDeployment, type DeploymentInput } from "../../../src/config/deployment.js";
import { ConfigurationError } from "../../../src/errors.js";
import { anyDeployment, library } from "../../config/support/deployments.js";
import { checkedBy } from "../../config/support/own-check.js";

function write(input: DeploymentInput): Configuration {
  return apache({ deployment: parseDeployment({ state: "/tmp", ...input }), description: library });
}

const command = ["/usr/bin/node", "/srv/books/main.js"];
const responders = ["proxy-pass", "set-handler", "fcgid", "cgi"] as const;
const authorizers = [
  "check-authn",
  ...([
    "authn",
    "authz",
    "authnz",
    "fcgid-authenticator",
    "fcgid-authorizer",
    "fcgid-access-checker",
  ] as const),
] as const;

function check(
  { root, ...input }: DeploymentInput,
  around = (configuration: Configuration) => configuration,
) {
  return checkedBy(["apache2", "-t", "-f", "{}"], (state) => {
    // Apache checks whether it exists.
    const documents = root === undefined ? undefined : `${state}${root}`;
    const { folders, ...configuration } = write({ ...input, state, ...(documents && { root: documents }) });
    return around({ ...configuration, folders: documents ? [...folders, documents] : folders });
  });
}

/** A part of a site, in one within a configuration that loads what `a2enmod` would. */
function inServer(configuration: Configuration): Configuration {
  const { files, before } = configuration;
  const [, enabled] = /^a2enmod -q (.*?)(?: &&|$)/.exec(before!)!;
  const [part, ...others] = files;
  const server = others.filter(({ name }) => name.endsWith("-server.conf"));
  const text = [
    ...["mpm_event", "authz_core", "access_compat", ...enabled!.split(" ")].map(
      (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
    ),
    "ServerName localhost\nErrorLog /dev/null\nMutex file:/tmp default\nListen 127.0.0.1:80",
    ...server.map((file) => file.text),
    `<VirtualHost *:80>\n${part!.text}</VirtualHost>`,
  ];
  const programs = others.filter((file) => !server.includes(file));
  return { ...configuration, files: [{ name: "main", text: text.join("\n") }, ...programs] };
}

describe.each(responders)("Apache accepts the configuration with responder %s", (responder) => {
  test.each(authorizers)("and authorizer %s", async (authorizer) => {
    for (const mount of ["", "/app"]) {
      for (const root of [undefined, "/srv/books/public"]) {
        const deployment = {
          command,
          mount,
          ...(root !== undefined && { root }),
          apache: { responder, authorizer, passwordFile: "/srv/books/passwords" },
        };
        const taken = { code: 0, output: expect.stringContaining("Syntax OK") };
        expect(await check(deployment)).toEqual(taken);
        if (mount !== "") expect(await check({ ...deployment, part: "into" }, inServer)).toEqual(taken);
      }
    }
  });
});

test.each(["*", "*.example.org", "www.*"])("Apache accepts the host name %s", async (serverName) => {
  const accepted = { code: 0, output: expect.stringContaining("Syntax OK") };
  expect(await check({ serverName })).toEqual(accepted);
});

test("Apache accepts a configuration with any texts, or it is refused", async () => {
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
      expect(await check(input)).toEqual({ code: 0, output: expect.stringContaining("Syntax OK") });
    }),
    { numRuns: 150 },
  );
  expect(taken).toBeGreaterThan(20);
});

test("no text of a deployment starts a line", () => {
  fc.assert(
    fc.property(anyDeployment, (input) => {
      let configuration: Configuration;
      try {
        configuration = write(input);
      } catch {
        return;
      }
      expect(kindsOfLines(configuration)).toEqual(kindsOfLines(write(tame(input))));
    }),
    { numRuns: 500 },
  );
});

/** The same deployment with harmless texts. */
function tame({
  root,
  state,
  command: words,
  directory,
  apache: door,
  ...rest
}: DeploymentInput): DeploymentInput {
  return {
    ...rest,
    listen: "127.0.0.1:9000",
    ...(root !== undefined && { root: "/srv" }),
    ...(state !== undefined && { state: "/tmp" }),
    ...(words !== undefined && { command: ["node"] }),
    ...(directory !== undefined && { directory: "/srv" }),
    ...(door !== undefined && {
      apache: {
        ...door,
        ...(door.realm !== undefined && { realm: "R" }),
        ...(door.passwordFile !== undefined && { passwordFile: "/p" }),
      },
    }),
  };
}

function kindsOfLines({ files }: Configuration): string[] {
  return files[0]!.text.split("\n").map((line) => /^\s*(\S*)/.exec(line)![1]!);
}

test.each(['a"b', "a\\b", "a\nb", "${PATH}", "%{ENV:PATH}", "\ud800"])(
  "%j is refused as a word of Apache's configuration",
  (word) => {
    expect(() => apacheWord(word)).toThrow(/for Apache: it has a quote, a backslash/);
  },
);

describe("an Apache configuration", () => {
  test("is minimal for an application without files and authorizers", () => {
    const { files, needs } = apache({
      deployment: parseDeployment({ name: "hello", state: "/run/hello" }),
      description: { responders: [{ routes: [{ path: "/" }] }], authorizers: [], filters: [] },
    });
    expect(needs).toEqual({});
    expect(files.map(({ name }) => name)).toEqual(["apache.conf"]);
    expect(files[0]!.text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
      ...["authz_core", "mpm_event", "proxy", "proxy_fcgi", "rewrite"].map(
        (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
      ),
      'ServerName "localhost"',
      'Listen "80"',
      'User "www-data"',
      'Group "www-data"',
      'PidFile "/run/hello/apache2.pid"',
      'DefaultRuntimeDir "/run/hello"',
      'Mutex "file:/run/hello" default',
      'ErrorLog "/run/hello/error.log"',
      '<Directory "/">',
      "  AllowOverride None",
      "  Options FollowSymLinks",
      "  Require all denied",
      "</Directory>",
      "AllowEncodedSlashes On",
      "RewriteEngine On",
      'RewriteCond expr "%{HTTP:Content-Length} -gt 67108864"',
      'RewriteRule "^" "-" [R=413,L]',
      'ProxyPass "/" "fcgi://127.0.0.1:9000/" enablereuse=on timeout=60',
      '<Location "/">',
      "  CGIPassAuth On",
      "</Location>",
    ]);
  });

  test.each([
    [{}, { vouchesFor: ["AUTH_USER", "REMOTE_USER"] }],
    [{ mount: "/app" }, { mount: "/app", vouchesFor: ["AUTH_USER", "REMOTE_USER"] }],
    [{ root: "/srv" }, { vouchesFor: ["AUTH_USER", "REMOTE_USER"], bridges: { filter: { root: "/srv" } } }],
  ])("says what the application needs for %j", (deployment, needs) => {
    expect(write(deployment).needs).toEqual(needs);
  });

  test("says that it takes the place of Debian's own Apache, unless it has a folder of its own or is a part of its site", () => {
    const notes = (input: DeploymentInput): string =>
      apache({ deployment: parseDeployment(input), description: library }).notes.join();
    const fact = "This takes the place of Debian's own Apache";
    expect(notes({})).toContain(fact);
    expect(notes({ state: "/srv/run" })).not.toContain(fact);
    expect(notes({ part: "into", mount: "/app" })).not.toContain(fact);
  });

  test("trusts no user variable that is not named", () => {
    const description = { ...library, authorizers: [{ paths: [], variables: ["AUTH_ROLE"] }] };
    const deployment = parseDeployment({ command, apache: { responder: "fcgid" } });
    expect(apache({ deployment, description }).needs.vouchesFor).toBeUndefined();
    expect(
      apache({ deployment, description: { ...library, authorizers: [] } }).needs.vouchesFor,
    ).toBeUndefined();
  });

  test("protects everything if an authorizer has no globs, in any letter case", () => {
    const description = { ...library, authorizers: [{ paths: [] }] };
    const { files } = apache({ deployment: parseDeployment({}), description });
    const [, covered] = /<LocationMatch "\(\?i\)(.*)">/.exec(files[0]!.text)!;
    for (const path of ["/", "/Members", "/a/b c", "/a\n"]) expect(path).toMatch(new RegExp(covered!, "i"));
  });

  test("has no Require without a user for protected paths", () => {
    for (const authorizer of authorizers) {
      const { files } = write({ command, apache: { authorizer, passwordFile: "/p" } });
      const [, guarded] = /<LocationMatch [^]*?>([^]*?)<\/LocationMatch>/.exec(files[0]!.text)!;
      const required = /Require (.*)/.exec(guarded!)?.[1];
      if (authorizer === "fcgid-access-checker") expect(required).toBeUndefined();
      else expect(["valid-user", "application"]).toContain(required);
    }
  });

  test.each([
    [
      { listen: "unix:/run/books.sock" },
      /check-authn: mod_authnz_fcgi connects over TCP only, and listen is unix:/,
    ],
    [
      { apache: { responder: "fcgid" } },
      /mod_fcgid: it starts the application, but the deployment has no command/,
    ],
    [
      { apache: { authorizer: "authz" } },
      /authz: Apache checks the password, but the deployment has no apache.passwordFile/,
    ],
    [{ apache: { authorizer: "fcgid-authorizer" }, command }, /has no apache.passwordFile/],
    [
      { root: "/srv/[a]" },
      /Cannot write "\/srv\/\[a\]" for Apache: a path with \*, \?, \[ or \] is a pattern/,
    ],
    [
      { listen: "[::1]:9000", apache: { responder: "set-handler" } },
      /set-handler: it cannot keep connections to \[::1\]:9000; use proxy-pass, 127.0.0.1 or a unix socket/,
    ],
    [{ listen: "fd:3" }, /Cannot connect to "fd:3"/],
  ] as const)("is refused for %j", (deployment, message) => {
    expect(() => write(deployment as DeploymentInput)).toThrow(message);
    expect(() => write(deployment as DeploymentInput)).toThrow(
      expect.objectContaining({ code: "ERR_DEPLOYMENT" }),
    );
  });

  test("passes no arguments to a program that it starts", () => {
    const { files, folders } = write({
      command: ["/usr/bin/node", "it's.js"],
      directory: "/srv/my",
      name: "books",
      apache: { responder: "cgi" },
    });
    expect(folders).toContain("/tmp/books");
    expect(files[1]).toMatchObject({ name: "/tmp/books/books", executable: true });
    expect(files[1]!.text).toMatch(
      /^#!\/bin\/sh\n#.*\ncd \/srv\/my \|\| exit 1\nexec \/usr\/bin\/node 'it'\\''s\.js'\n$/,
    );
  });
});
