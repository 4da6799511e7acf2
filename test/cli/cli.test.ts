import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { textOf } from "../config/support.js";
import { commandOf, projectFolder } from "../support/node-process.js";

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const loader = fileURLToPath(import.meta.resolve("@oxc-node/core/register"));
/** The command that a module in TypeScript is given to: both import the same `tricorn`. */
const fromSource = [process.execPath, "--import", loader, join(projectFolder, "src/cli/main.ts")];

/** Runs `tricorn` as a separate process. */
function tricorn(args: readonly string[], cwd = projectFolder): Promise<Result> {
  const takesModule = args.some((arg) => arg.endsWith(".ts"));
  const [node, ...main] = takesModule ? fromSource : commandOf("src/cli/main.ts");
  // The loader looks for the paths of "tricorn" in the working directory otherwise.
  const env = { ...process.env, OXC_TSCONFIG_PATH: join(projectFolder, "tsconfig.json") };
  return new Promise((resolve) => {
    execFile(node, [...main, ...args], { cwd, env, timeout: 60_000 }, (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, out, err });
    });
  });
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "tricorn-cli-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

function moduleOf(name: string): string {
  return fileURLToPath(new URL(`modules/${name}.ts`, import.meta.url));
}

describe("tricorn", () => {
  test("prints its commands and its version", async () => {
    const { version } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8"));
    expect(await tricorn(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
    const { code, out, err } = await tricorn(["--help"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("config <server> [module]");
  });

  test.each([
    [[], "a command is required: init, dev, config, serve, status, ping, reload or stop; see tricorn --help"],
    [["conf"], 'unknown command "conf"'],
    [["config"], "a Web server is required: apache, "],
    [["serve"], "a program is required: tricorn serve main.js; see tricorn serve --help"],
    [["serve", "main.js", "--workers", "none"], '--workers is "none", not a number above 0'],
    [["serve", "main.js", "other"], "unexpected argument other; write -- before arguments of the program"],
    [["config", "nginz"], 'unknown Web server "nginz"; expected one of apache, '],
    [["config", "__proto__"], 'unknown Web server "__proto__"'],
    [["config", "nginx", "--bogus"], "Unknown option '--bogus'"],
    [["config", "nginx", "--port"], "argument missing"],
    [["config", "nginx", "one.js", "two.js"], "unexpected argument two.js"],
    [
      ["config", "nginx", "--bind", "127.0.0.1", "--bind=::1"],
      "--bind was given twice, but it takes one value",
    ],
    [["config", "nginx", "--out", "a", "--out", "b"], "--out was given twice"],
    [["config", "nginx", "--deployment=a", "--deployment", "b"], "--deployment was given twice"],
  ])("refuses the arguments %j", async (args, fact) => {
    const { code, out, err } = await tricorn(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^tricorn: .*\n$/);
    expect(err).toContain(fact);
  });
});

describe("tricorn config", () => {
  let help: string;
  beforeAll(async () => {
    help = (await tricorn(["config", "--help"])).out;
  });

  test("explains each option", () => {
    expect(help.split("\n").filter((line) => line.length > 100)).toEqual([]);
    for (const option of [
      "--listen",
      "--server-name",
      "--state",
      "--haproxy-connections",
      "--json",
      "--out",
    ]) {
      expect(help).toMatch(new RegExp(`^ {2}${option}(?: <\\S+>)?\\s+\\S`, "m"));
    }
  });

  test("prints the configuration, and the remaining steps to standard error", async () => {
    const { code, out, err } = await tricorn(["config", "nginx", "--port", "8080", "--state", "/srv/run"]);
    expect([code, out]).toEqual([0, textOf("nginx", { port: 8080, state: "/srv/run" })]);
    expect(err).toBe(
      "application  serve(application, '127.0.0.1:9000')\n" +
        "check        nginx -t -e stderr -p . -c nginx.conf\n" +
        "run          nginx -e stderr -p . -c nginx.conf\n",
    );
  });

  test("reads from controllers what is protected and what streams, and creates none of them", async () => {
    const { code, out, err } = await tricorn(["config", "nginx", moduleOf("controllers")]);
    expect(code).toBe(0);
    expect(out).toMatch(/^ +location ~\* "\^\/member\S*" \{$/m);
    expect(out).toContain('location ~ "^/ticks/?$" {');
    expect(out).toContain("fastcgi_param AUTH_USER $tricorn_auth_user if_not_empty;");
    expect(err).toContain(
      "application  serve(application, '127.0.0.1:9000', { vouchesFor: [ 'AUTH_USER' ] })\n",
    );
  });

  test("sends paths below adapters to the application", async () => {
    const { code, out } = await tricorn(["config", "caddy", moduleOf("adapters"), "--root", "/srv"]);
    expect(code).toBe(0);
    expect(out).toContain("not path_regexp `^/live/?$|^/live(?:/|$)|^/api/?$|^/api(?:/|$)`");
  });

  test.each(["application", "default"])(
    "loads %s of a module, even if the module keeps running",
    async (name) => {
      const { code, out, err } = await tricorn(["config", "caddy", moduleOf(name), "--root", "/srv"]);
      expect(code).toBe(0);
      expect(out).toMatch(/^# Caddy in front of application\.\n/);
      expect(out).toContain("not path_regexp `^/books/[^/]+/?$`");
      expect(err).toMatch(/^printed while the module loads\n/);
    },
  );

  test("reads what a module would serve, without serving it", async () => {
    const { code, out } = await tricorn(["config", "nginx", moduleOf("serves"), "--root", "/srv"]);
    expect(code).toBe(0);
    expect(out).toContain('location ~ "^/hello/?$" {');
  });

  test.each([
    ["nothing", "it does not export `application`, `controllers` or one of them as default"],
    ["no-controllers", "Bare"],
    ["throws", "The shelf is empty\n"],
    ["missing", "the file does not exist"],
  ])("reports what is wrong with the module %s", async (name, fact) => {
    const { code, out, err } = await tricorn(["config", "nginx", moduleOf(name)]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^tricorn: Cannot describe the application of .*\n {4}ERR_MODULE: see \S+\n$/);
    expect(err).toContain(fact);
  });

  test("reports what is wrong with a deployment", async () => {
    const { code, out, err } = await tricorn(["config", "nginx", "--port", "0", "--mount", "app"]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(
      /^tricorn: Cannot read deployment: port: must be an integer from 1 to 65535; mount: .*\n {4}ERR_DEPLOYMENT: see tricorn\/docs\/errors\.md#err_deployment\n$/,
    );
  });

  test.each([
    [["nginx", "--port", "abc"], "port: must be an integer from 1 to 65535"],
    [["nginx", "--timeout", "abc"], "timeout: must be an integer"],
    [
      ["haproxy", "--haproxy-connections", "many"],
      "haproxy.connections: must be one of closed, kept, multiplexed",
    ],
    [["iis"], "the deployment has no command; add `-- node dist/main.js` after the options"],
    [["systemd"], "the deployment has no command; add `-- node dist/main.js` after the options"],
  ])("explains for %j what is expected, and where it is documented", async (args, fact) => {
    const { code, out, err } = await tricorn(["config", ...args]);
    expect([code, out]).toEqual([1, ""]);
    const [first, ...rest] = err.trimEnd().split("\n");
    expect(first).toContain(fact);
    expect(first).not.toMatch(/Invalid|expected|received/);
    expect(rest).toEqual(["    ERR_DEPLOYMENT: see tricorn/docs/errors.md#err_deployment"]);
  });

  test("notes only that the root folder does not exist", async () => {
    const here = folder();
    const missing = await tricorn(["config", "nginx", "--root", join(here, "publik")]);
    expect(missing.code).toBe(0);
    expect(missing.err).toContain(`The root ${join(here, "publik")} does not exist on this machine`);
    const there = await tricorn(["config", "nginx", "--root", here]);
    expect(there.err).not.toContain("does not exist");
  });

  test("writes files into a folder, with what the server needs", async () => {
    const out = folder();
    const args = ["config", "nginx", "--state", "run", "--out", "."];
    const { code, out: printed, err } = await tricorn(args, out);
    expect([code, printed]).toEqual([0, ""]);
    expect(readFileSync(join(out, "nginx.conf"), "utf8")).toBe(textOf("nginx", { state: join(out, "run") }));
    expect(existsSync(join(out, "run"))).toBe(true);
    expect(err).toContain(`wrote        ${join(out, "nginx.conf")}\n`);
    expect(err).not.toContain("cd ");
    const elsewhere = await tricorn(["config", "nginx", "--out", "deep/er"], out);
    expect(elsewhere.err).toContain(`then         cd ${join(out, "deep/er")}\n`);
  });

  test("writes files for other places separately, to be copied; the command follows --", async () => {
    const out = folder();
    const args = [
      "config",
      "systemd",
      "--name",
      "books",
      "--out",
      ".",
      "--",
      "node",
      "main.js",
      "--port",
      "1",
    ];
    const { code, err } = await tricorn(args, out);
    expect(code).toBe(0);
    expect(readFileSync(join(out, "books.service"), "utf8")).toContain("\nExecStart=node main.js --port 1\n");
    const place = "/etc/systemd/system/books.socket";
    expect(err).toContain(`copy         install -D -m 644 ${join(out, "books.socket")} ${place}\n`);
    expect(err).toContain("application  serve(application)\n");
  });

  describe("a command runs", () => {
    const command = ["--", "node", "main.js"];

    test.each([
      ["apache", "--apache-responder", "cgi"],
      ["apache", "--apache-responder", "fcgid"],
      ["lighttpd", "--lighttpd-responder", "cgi"],
      ["lighttpd", "--lighttpd-responder", "spawn"],
    ])("in the folder where it was given: %s %s %s", async (...args) => {
      const cwd = realpathSync(folder());
      const { code, out } = await tricorn(["config", ...args, "--state", "run", ...command], cwd);
      expect(code).toBe(0);
      expect(out).toContain(`\ncd ${cwd} || exit 1\nexec node main.js\n`);
    });

    test("in that of --directory, or of the deployment file", async () => {
      const cwd = realpathSync(folder());
      const { out: named } = await tricorn(["config", "systemd", "--directory", "app", ...command], cwd);
      expect(named).toContain(`\nWorkingDirectory=${cwd}/app\n`);
      writeFileSync(join(cwd, "deployment.json"), JSON.stringify({ directory: "/srv/books" }));
      const { out: read } = await tricorn(
        ["config", "systemd", "--deployment", "deployment.json", ...command],
        cwd,
      );
      expect(read).toContain("\nWorkingDirectory=/srv/books\n");
    });

    test("where the server starts it, if only the deployment file names it", async () => {
      const cwd = folder();
      writeFileSync(join(cwd, "deployment.json"), JSON.stringify({ command: ["/srv/books/start"] }));
      const { out } = await tricorn(["config", "systemd", "--deployment", "deployment.json"], cwd);
      expect(out).toContain("\nExecStart=/srv/books/start\n");
      expect(out).not.toContain("WorkingDirectory");
    });
  });

  test("needs no address if the application receives a socket", async () => {
    const spawned = [
      "config",
      "lighttpd",
      "--lighttpd-responder",
      "spawn",
      "--state",
      "run",
      "--",
      "node",
      "main.js",
    ];
    expect((await tricorn(spawned)).err).toContain("application  serve(application)\n");
  });

  test("prints several files, each under its name", async () => {
    const { out } = await tricorn(["config", "systemd", "--", "node", "main.js"]);
    expect(out.match(/^# ---- .*$/gm)).toEqual([
      "# ---- /etc/systemd/system/application.socket",
      "# ---- /etc/systemd/system/application.service",
    ]);
  });

  test("prints the description as JSON, and reads it back", async () => {
    const cwd = folder();
    const args = ["--port", "8080", "--apache-realm", "Library", "--protect", "/a/**", "--protect", "*.b"];
    const { code, out, err } = await tricorn(
      ["config", "nginx", moduleOf("controllers"), ...args, "--json"],
      cwd,
    );
    expect([code, err]).toEqual([0, ""]);
    const printed = JSON.parse(out);
    expect(printed).toMatchObject({
      deployment: {
        name: "application",
        port: 8080,
        apache: { realm: "Library" },
        protect: ["/a/**", "*.b"],
      },
      description: { authorizers: [{ name: "Gate", paths: ["/members/**"], variables: ["AUTH_USER"] }] },
    });
    writeFileSync(join(cwd, "library.json"), out);
    const again = ["config", "nginx", "--deployment", "library.json"];
    expect(JSON.parse((await tricorn([...again, "--json"], cwd)).out)).toEqual(printed);
    const direct = await tricorn(["config", "nginx", moduleOf("controllers"), ...args]);
    expect((await tricorn(again, cwd)).out).toBe(direct.out);
    const other = await tricorn([...again, "--port", "8081", "--apache-user-variable", "X", "--json"], cwd);
    expect(JSON.parse(other.out).deployment).toMatchObject({
      port: 8081,
      apache: { realm: "Library", userVariable: "X" },
    });
  });

  test.each([
    ["no JSON", "{", "Cannot read it.json: "],
    ["no object", "[]", "Cannot read it.json: it is not a JSON object"],
    ["a field that there is not", '{"prot": 80}', "it: has no prot"],
    ["one beside the deployment", '{"deployment": {}, "prot": 80}', "it: has no prot"],
    ["an invalid description", '{"deployment": {}, "description": {}}', "Cannot read the description"],
  ])("refuses a file with %s", async (_, content, fact) => {
    const cwd = folder();
    writeFileSync(join(cwd, "it.json"), content);
    const { code, out, err } = await tricorn(["config", "nginx", "--deployment", "it.json"], cwd);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^tricorn: .*\n {4}ERR_\w+: see \S+\n$/);
    expect(err).toContain(fact);
  });

  test("writes what a site includes, with the line to add and where", async () => {
    const out = folder();
    const args = ["config", "nginx", "--into", "--mount", "/app", "--name", "books", "--out", "."];
    const { code, err } = await tricorn(args, out);
    expect(code).toBe(0);
    expect(readFileSync(join(out, "tricorn-books_app.conf"), "utf8")).toMatch(
      /^# books at \/app, in a site of nginx\.\nlocation = \/app \{\n/,
    );
    const [include, upstream] = [
      "/etc/nginx/snippets/tricorn-books_app.conf",
      "/etc/nginx/conf.d/tricorn-books_app-upstream.conf",
    ];
    expect(err).toBe(
      `wrote        ${join(out, "tricorn-books_app.conf")}\n` +
        `wrote        ${join(out, "tricorn-books_app-upstream.conf")}\n` +
        "application  serve(application, '127.0.0.1:9000')\n" +
        `copy         install -D -m 644 ${join(out, "tricorn-books_app.conf")} ${include}\n` +
        `copy         install -D -m 644 ${join(out, "tricorn-books_app-upstream.conf")} ${upstream}\n` +
        `add          include ${include};\n` +
        "             in the site's server block, such as that of /etc/nginx/sites-available/default\n" +
        "check        nginx -t\n" +
        "run          nginx -s reload\n",
    );
  });

  test.each([
    [["nginx", "--into"], "it needs a mount; add --mount /app, or write a whole server without --into"],
    [["nginx", "--into", "--mount", "/app", "--tls-certificate", "/a.pem"], "the site has its own"],
    [["jetty", "--into", "--mount", "/app"], "only for apache, caddy, h2o, haproxy, lighttpd, nginx"],
    [["jetty", "--tls-certificate", "/a.pem"], "Cannot write HTTPS for jetty"],
  ])("refuses for %j what it would not do", async (args, fact) => {
    const { code, out, err } = await tricorn(["config", ...args]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(fact);
  });

  test("writes SCGI with --scgi, and says so in the call of serve", async () => {
    const { code, out, err } = await tricorn(["config", "nginx", "--scgi", "--listen", "127.0.0.1:9001"]);
    expect(code).toBe(0);
    expect(out).toContain("scgi_pass application;");
    expect(err).toContain("application  serve(application, 'scgi:127.0.0.1:9001')\n");
    const { out: json } = await tricorn(["config", "nginx", "--scgi", "--json"]);
    expect(JSON.parse(json).deployment).toMatchObject({ protocol: "scgi" });
  });

  test("has --into in the description, and reads it back", async () => {
    const cwd = folder();
    const { out } = await tricorn(["config", "nginx", "--into", "--mount", "/app", "--json"]);
    expect(JSON.parse(out).deployment).toMatchObject({ part: "into", mount: "/app" });
    writeFileSync(join(cwd, "books.json"), out);
    const read = await tricorn(["config", "nginx", "--deployment", "books.json"], cwd);
    expect(read.out).toContain("location ^~ /app/ {");
  });

  test("has several upstreams in the description, and an option replaces them", async () => {
    const cwd = folder();
    const hosts = ["--upstream", "127.0.0.2:9000", "--upstream", "127.0.0.3:9000", "--affinity", "user"];
    const { out, err } = await tricorn(["config", "haproxy", ...hosts, "--state", cwd]);
    expect(out).toContain("server 127.0.0.3 127.0.0.3:9000 proto fcgi check");
    // An application on each.
    expect(err).toContain(
      "application  serve(application, '127.0.0.2:9000')\napplication  serve(application, '127.0.0.3:9000')\n",
    );
    const { out: json } = await tricorn(["config", "haproxy", ...hosts, "--json"]);
    const { deployment } = JSON.parse(json) as { deployment: Record<string, unknown> };
    expect(deployment).toMatchObject({ upstream: ["127.0.0.2:9000", "127.0.0.3:9000"], affinity: "user" });
    expect(deployment).not.toHaveProperty("listen");
    writeFileSync(join(cwd, "hosts.json"), json);
    const read = await tricorn(["config", "haproxy", "--deployment", "hosts.json", "--state", cwd], cwd);
    expect(read.out).toBe(out);

    const listening = await tricorn(["config", "nginx", "--listen", "127.0.0.2:9000", "--json"]);
    writeFileSync(join(cwd, "one.json"), listening.out);
    const other = ["--deployment", "one.json", "--listen", "/run/a.sock", "--listen", "/run/b.sock"];
    const replaced = await tricorn(["config", "nginx", ...other], cwd);
    expect(replaced.out).toContain("server unix:/run/b.sock max_fails");
    expect(replaced.out).not.toContain("127.0.0.2");
  });

  describe("--existing", () => {
    /** An nginx configuration of its own, with a secret. */
    function site(lines: string): string {
      const path = folder();
      writeFileSync(
        join(path, "nginx.conf"),
        `pid ${path}/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\nserver {\nlisten 127.0.0.1:80;\n${lines}\n}\n}\n`,
      );
      return join(path, "nginx.conf");
    }
    const SECRET = 'location / { add_header Authorization "Bearer hunter2"; return 200; }';
    const into = ["config", "nginx", "--into", "--mount", "/app", "--existing", "--main-file"];

    test("looks, and writes where nothing stops the application", async () => {
      const file = site(SECRET);
      const { code, out, err } = await tricorn([...into, file]);
      expect(code).toBe(0);
      expect(out).toContain("location ^~ /app/ {");
      expect(err).toContain(
        `looked at    nginx -T -c ${file}\n` +
          `note         ${file}:6: a site: its server block is a place for the line\n`,
      );
      expect(out + err).not.toContain("hunter2");
    });

    test("writes nothing if something stops the application, and says where it is", async () => {
      const file = site(`${SECRET}\nlocation /app/ { return 200; }`);
      const { code, out, err } = await tricorn([...into, file, "--out", join(folder(), "out")]);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toContain(`stops        ${file}:9: location /app/ exists: nginx refuses a second one\n`);
      expect(err).toMatch(/\ntricorn: nothing is written, because of what stops it\n$/);
      expect(err).not.toContain("hunter2");
    });

    test("shows nothing of a configuration that nginx refuses, but where it does", async () => {
      const file = site(`${SECRET}\nhunter2 on;`);
      const { code, out, err } = await tricorn([...into, file]);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toContain(`not seen     nginx -T -c ${file}: it failed with 1 at ${file}:9\n`);
      expect(err).toContain(
        "stops        the configuration cannot be seen: the Web server does not accept it",
      );
      expect(err).not.toContain("hunter2");
    });

    test("asks for the main file, if there is none of that name", async () => {
      const { code, err } = await tricorn([...into, join(folder(), "none.conf")]);
      expect(code).toBe(1);
      expect(err).toContain(
        "stops        the configuration cannot be seen: there is no such file; name the main file",
      );
    });

    test("is part of the JSON, which can be read back", async () => {
      const file = site(SECRET);
      const { code, out } = await tricorn([...into, file, "--json"]);
      expect(code).toBe(0);
      expect(JSON.parse(out).existing).toMatchObject({
        seen: [`nginx -T -c ${file}`],
        findings: [{ weight: "note", place: { file, line: 6 } }],
      });
      const cwd = folder();
      writeFileSync(join(cwd, "it.json"), out);
      expect((await tricorn(["config", "nginx", "--deployment", "it.json"], cwd)).code).toBe(0);
    });

    test.each([
      [["config", "jetty", "--existing"], "--existing looks at "],
      [["config", "nginx", "--main-file", "/etc/nginx/nginx.conf"], "--main-file is for --existing"],
    ])("is refused for %j", async (args, fact) => {
      const { code, err } = await tricorn(args);
      expect(code).toBe(2);
      expect(err).toContain(fact);
    });
  });
});
