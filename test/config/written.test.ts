import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { configure, parseDescription } from "../../src/config/configure.js";
import { deploymentOptions, type DeploymentOption } from "../../src/config/deployment-options.js";
import { parseDeployment, type DeploymentInput } from "../../src/config/deployment.js";
import { servers } from "../../src/config/servers.js";
import { library, textOf, unknown, write } from "./support.js";

const OWN = ["caddy", "h2o", "haproxy", "nginx", "systemd"];
const command = ["node", "dist/main.js"];

/** Everything that is written for a server. */
function everything(server: string, deployment: DeploymentInput, description = library): string {
  const { files, folders, check, run, needs, notes } = write(server, { command, ...deployment }, description);
  return JSON.stringify({ files, folders, check, run, needs, notes }, null, 1);
}

/** A deployment with one field of it. */
function withField({ path }: DeploymentOption, value: unknown): DeploymentInput {
  return path.reduceRight<unknown>((below, key) => ({ [key]: below }), value) as DeploymentInput;
}

/** A value of an option that is not its default. */
function anotherValue({ name, kind, choices, default: value }: DeploymentOption): unknown {
  if (choices !== undefined) return choices.findLast((choice) => choice !== value);
  if (kind === "number") return 1234 % (name.includes("processes") ? 60 : 4000);
  const own: Readonly<Record<string, unknown>> = {
    listen: ["unix:/run/other.sock"],
    upstream: ["127.0.0.3:9000", "127.0.0.4:9000"],
    drain: ["127.0.0.3:9000"],
    affinity: "user",
    bind: "127.0.0.1",
    protect: ["/other/**"],
    filter: ["*.other"],
    streams: ["/other"],
    variables: ["OTHER"],
    command: ["other"],
    "systemd-memory-max": "1G",
  };
  return (
    own[name] ??
    (kind === "text" && /root|mount|state|director|file|certificate|key/.test(name) ? "/other" : "other")
  );
}

/** The other fields that make one matter. */
const BESIDE: Readonly<Record<string, DeploymentInput>> = {
  affinity: { upstream: ["127.0.0.2:9000", "127.0.0.3:9000"] },
  drain: { upstream: ["127.0.0.2:9000", "127.0.0.3:9000"] },
  "status-port": { upstream: ["127.0.0.2:9000", "127.0.0.3:9000"] },
  "web-server-group": { listen: "unix:/run/app.sock" },
  links: { root: "/srv/www" },
  part: { mount: "/app" },
  "tls-key": { tls: { certificate: "/srv/certificate.pem" } },
  "tls-redirect-from": { tls: { certificate: "/srv/certificate.pem" } },
  "apache-realm": { apache: { authorizer: "authn" } },
  "apache-password-file": { apache: { authorizer: "authz", passwordFile: "/srv/passwords" } },
  "apache-processes": { apache: { responder: "fcgid" } },
  "systemd-units": { listen: "unix:/run/app.sock" },
  "lighttpd-processes": { lighttpd: { responder: "spawn" } },
};

function deep(one: Record<string, unknown>, other: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const both = typeof merged[key] === "object" && typeof value === "object" && !Array.isArray(value);
    merged[key] = both
      ? deep(merged[key] as Record<string, unknown>, value as Record<string, unknown>)
      : value;
  }
  return merged;
}

describe("each option", () => {
  test.each(deploymentOptions().map((option) => [option.name, option] as const))(
    "%s affects a server",
    (name, option) => {
      const beside = BESIDE[name] ?? {};
      const without = { root: "/srv/www", ...beside };
      const mattering = Object.keys(servers).filter((server) => {
        try {
          const other = deep(without, withField(option, anotherValue(option)));
          return everything(server, other) !== everything(server, without);
        } catch {
          return false;
        }
      });
      expect(mattering).not.toEqual([]);
    },
  );

  test.each(["listen", "bind", "port", "mount", "timeout"])(
    "%s affects each Web server of this file",
    (name) => {
      const option = deploymentOptions().find((one) => one.name === name)!;
      for (const server of OWN.filter((one) => one !== "systemd")) {
        const changed = textOf(server, withField(option, anotherValue(option)), library);
        expect([server, changed === textOf(server, {}, library)]).toEqual([server, false]);
      }
    },
  );
});

describe("texts in a file", () => {
  /** Words that could end a quoted word, a line, a block or a comment in one of the languages. */
  const hostile = fc.oneof(
    fc.constantFrom(
      '"; evil on; #',
      "'\nevil",
      "`\n}\nevil {",
      "}\nevil",
      "$(evil)",
      "${evil}",
      "%{evil}",
      "\\",
      "\r\nevil\r\n",
    ),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
    fc.string({
      unit: fc.constantFrom(..."\"'`\\{};$%<>|&# \n\r\t/a[]()^*?!,.=:@~".split("")),
      minLength: 1,
      maxLength: 12,
    }),
  );
  const fields = deploymentOptions().filter(({ kind }) => kind !== "number");
  const field = fc.constantFrom(...fields);

  /**
   * The structure of a file: the first word of each line. Values are in quotes or have no blanks.
   */
  function shapeOf(text: string): string[] {
    return text.split("\n").map((line) => /^\s*#?\s*[^\s"'`]*/.exec(line)![0]);
  }

  test.each(OWN)("no value of a deployment changes the structure of %s", (server) => {
    let accepted = 0;
    fc.assert(
      fc.property(
        field,
        hostile,
        fc.constantFrom("", "/", "/x/", "*.", "cookie:"),
        (option, text, prefix) => {
          // It protects everything, and so omits what is not protected.
          fc.pre(prefix + text !== "/**");
          const value = (one: string): unknown => (option.kind === "list" ? [one] : one);
          const deployment = (one: string): DeploymentInput =>
            deep({ command, root: "/srv/www", ...BESIDE[option.name] }, withField(option, value(one)));
          let files: { name: string; text: string }[];
          try {
            files = [...write(server, deployment(prefix + text), library).files];
          } catch (error) {
            expect(error).toMatchObject({ name: "ConfigurationError" });
            return;
          }
          accepted += 1;
          const plain = write(server, deployment(fallback(option, prefix + text)), library).files;
          for (const [index, file] of files.entries()) {
            expect(file.text).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/u);
            expect(shapeOf(file.text).length).toBe(shapeOf(plain[index]!.text).length);
            expect(file.text).not.toMatch(/^\s*evil/m);
          }
        },
      ),
      { numRuns: 1500 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  /** A harmless value. */
  function fallback(option: DeploymentOption, text: string): string {
    const { name, choices } = option;
    if (choices !== undefined) return choices[0]!;
    if (name === "mount") return "/m";
    if (name === "affinity") return "cookie:plain";
    if (name === "drain") return "127.0.0.2:9000";
    if (name === "listen" || name === "upstream") return text.startsWith("/") ? "/plain" : "127.0.0.1:1";
    return /root|state|director|file|certificate|key/.test(name) ? "/plain" : "plain";
  }
});

describe("variables that programs take for their proxy or for other fields", () => {
  test.each([
    ["nginx", ['fastcgi_param HTTP_PROXY "" if_not_empty;', "underscores_in_headers off;"]],
    ["caddy", ["request_header -Proxy", "request_header -*_*"]],
    ["haproxy", ["http-request del-header Proxy", "http-request del-header _ -m sub"]],
  ])("are omitted by %s", (server, lines) => {
    for (const line of lines) expect(textOf(server, {}, library)).toContain(line);
  });
});

describe("required options", () => {
  const { needs } = write("nginx", { root: "/srv/www", mount: "/app" }, library);

  test("describe what the application needs for a Web server that asks", () => {
    expect(needs).toEqual({
      mount: "/app",
      vouchesFor: ["AUTH_USER"],
      bridges: { filter: { root: "/srv/www" } },
    });
  });

  test("make the application ask itself if the Web server cannot", () => {
    for (const server of ["haproxy", "h2o"]) {
      const { needs, notes } = write(server, {}, { ...library, filters: [] });
      expect(needs).toEqual({ vouchesFor: ["AUTH_USER"], bridges: { authorizer: { inProcess: true } } });
      expect(notes.join()).toContain("without inProcess, protected paths are public");
    }
  });

  test("are empty by default", () => {
    for (const server of OWN) expect(write(server, { command }).needs).toEqual({});
  });

  test("let the Web server connect to a unix socket of the system", () => {
    const listen = "unix:/run/app.sock";
    expect(write("nginx", { listen }).needs).toEqual({ socketAccess: { group: "www-data" } });
    expect(write("nginx", { listen, state: "/home/me/run" }).needs).toEqual({});
  });
});

describe("notes", () => {
  test("mention filters without files, and unnamed variables", () => {
    const silent = { ...library, authorizers: [{ paths: ["/x"] }] };
    expect(write("nginx", {}, silent).notes).toEqual([
      expect.stringContaining("The filters of the application get no files"),
      expect.stringContaining("Authorizers set no variables"),
    ]);
    expect(write("nginx", { root: "/srv" }, library).notes).toEqual([]);
  });

  test("nginx keeps variables of an authorizer apart from the parts of its denial", () => {
    const text = textOf("nginx", { variables: ["STATUS", "LOCATION", "COOKIE"], protect: ["/**"] });
    const set = Array.from(text.matchAll(/auth_request_set (\S+) (\S+);/g), ([, name, from]) => [name, from]);
    expect(new Set(set.map(([name]) => name)).size).toBe(new Set(set.map(([, from]) => from)).size);
    expect(text).toContain("auth_request_set $tricorn_status $upstream_http_variable_status;");
    expect(text).toContain("if ($denial_tricorn_status = 404) { return 404; }");
  });

  test.each(["nginx", "caddy"])(
    "mention for a site of %s that no other may serve protected files",
    (server) => {
      const notes = (part: "whole" | "into", description = library): string =>
        write(server, { part, mount: "/app", root: "/srv/www" }, description).notes.join();
      expect(notes("into")).toContain("No other site or location may serve files of /srv/www");
      expect(notes("whole") + notes("into", unknown)).not.toContain("No other site");
    },
  );

  test.each(["haproxy", "h2o"])("mention that %s serves no files it could not protect", (server) => {
    expect(write(server, { root: "/srv" }, library).notes.join()).toContain("serves no files");
    expect(textOf(server, { root: "/srv" }, library)).not.toContain("file.dir");
  });
});

describe("configure", () => {
  test("writes for a named server, from plain JSON", () => {
    const description = JSON.parse(JSON.stringify({ ...library, roles: [] }));
    expect(configure("nginx", { deployment: { port: 8080 }, description }).files[0]!.text).toBe(
      textOf("nginx", { port: 8080 }, library),
    );
    expect(configure("nginx").files[0]!.text).toBe(textOf("nginx", {}, unknown));
  });

  test.each(["nginx2", "constructor", "__proto__", ""])("refuses an unknown server %j", (server) => {
    expect(() => configure(server)).toThrow(expect.objectContaining({ code: "ERR_WEB_SERVER" }));
  });

  test("refuses an invalid deployment, and names the invalid part", () => {
    const input = { port: "80", apache: { realm: '"' }, prot: 1 } as never;
    expect(() => parseDeployment(input)).toThrow(/port: .*apache\.realm: .*it: has no prot/);
  });

  test("refuses an invalid description, and names the invalid part", () => {
    expect(() => parseDescription({ ...unknown, filters: [{ paths: "*.md" }] })).toThrow(
      "Cannot read the description of an application: filters.0.paths",
    );
  });
});
