// What --existing finds, in configurations as the servers show them.
import { describe, expect, test } from "vitest";

import { parseDeployment, type DeploymentInput } from "../../src/config/deployment.js";
import { examiners } from "../../src/config/existing/examiners.js";
import type { ConfigurationView, UnseenReason } from "../../src/config/existing/examiner.js";
import { examineExisting } from "../../src/config/existing/existing.js";
import { parseHaproxy } from "../../src/config/haproxy/haproxy-parser.js";
import { parseNginx } from "../../src/config/nginx/nginx-parser.js";
import { library, unknown } from "./support.js";

interface Shown {
  /** Why what is not shown is not; by default there is no such program. */
  readonly unseenFor?: UnseenReason;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly texts?: Readonly<Record<string, string>>;
}

/** A machine that shows this, by the program and by the path of the file. */
function showing({ outputs = {}, texts = {}, unseenFor = "no program" }: Shown): ConfigurationView {
  return {
    unseenFor,
    output: (program) => Promise.resolve(outputs[program]),
    text: (path) => Promise.resolve(texts[path]),
  };
}

/** The findings as lines: "stops a.conf:3 fact". */
async function found(
  server: string,
  shown: Shown,
  {
    deployment = {},
    description = unknown,
  }: { deployment?: DeploymentInput; description?: typeof unknown } = {},
): Promise<string[]> {
  const source = {
    deployment: parseDeployment({ part: "into", mount: "/app", ...deployment }),
    description,
  };
  const { findings } = await examineExisting(examiners[server]!, { source, view: showing(shown) });
  return findings.map(({ weight, place, fact }) =>
    [weight, place === undefined ? "-" : `${place.file}:${place.line}`, fact].join(" "),
  );
}

const SECRET = "hunter2";

describe("nginx", () => {
  const dump = (site: string, http = ""): Shown => ({
    outputs: {
      nginx: [
        "# configuration file /etc/nginx/nginx.conf:",
        "events {}",
        `http { ${http}`,
        "  include sites-enabled/*;",
        "}",
        "",
        "# configuration file /etc/nginx/sites-enabled/shop:",
        site,
      ].join("\n"),
    },
  });
  const server = (lines: string): string => `server {\n  listen 80;\n  server_name shop;\n${lines}\n}`;
  const PLACE = "note /etc/nginx/sites-enabled/shop:1 a site: its server block is a place for the line";

  test("of Debian's kind has a place for the line, and nothing else", async () => {
    const site = server(
      "  location / { try_files $uri $uri/ =404; }\n  location ~ \\.php$ { fastcgi_pass x; }",
    );
    expect(await found("nginx", dump(site), { description: library })).toEqual([PLACE]);
  });

  test.each([
    ["location /app/ {}", "stops", "location /app/ exists: nginx refuses a second one"],
    ["location ^~ /app/ {}", "stops", "location /app/ exists"],
    ["location = /app {}", "stops", "location = /app exists"],
    ["location @tricorn-application_app {}", "stops", "location @tricorn-application_app exists"],
    ["location /app/members/list {}", "stops", "no authorizer of the application is asked"],
    ["location /app/Members {}", "stops", "no authorizer of the application is asked"],
    ["location = /app/me {}", "stops", "no authorizer of the application is asked"],
    ["location /app/static/ {}", "note", "location /app/static/ answers its paths, not the application"],
    ["location /app {}", "note", "location /app loses /app and the paths below /app/"],
    ["auth_request /sso;", "stops", "auth_request of the site is not asked in the protected paths"],
    ["auth_basic Members;", "note", "auth_basic also applies"],
    ["return 301 https://$host$request_uri;", "note", "return comes before every location"],
    ["if ($host = x) { return 444; }", "note", "if comes before every location"],
    ["client_body_timeout 5s;", "note", "client_body_timeout 5s is less than our 60s"],
    ["large_client_header_buffers 4 1k;", "note", "large_client_header_buffers 4 1k is less than our 8 KiB"],
    ["underscores_in_headers on;", "note", "cannot tell a client's X_User from X-User"],
    ["root /srv;", "stops", "root /srv contains the files of /srv/www"],
    ["location /all/ { alias /srv/www/; }", "stops", "alias /srv/www/ contains the files of /srv/www"],
    ["location /m/ { alias /srv/www/members/; }", "stops", "alias /srv/www/members/ is in /srv/www"],
    ["location = /me { alias /srv/www/me; }", "stops", "alias /srv/www/me is in /srv/www"],
  ])("with %s is a finding", async (line, weight, fact) => {
    const description = { ...library, authorizers: [{ paths: ["/members/**", "/me"] }] };
    const findings = await found("nginx", dump(server(`  # one\n  ${line}`)), {
      deployment: { root: "/srv/www" },
      description,
    });
    const other = expect.stringMatching(new RegExp(`^${weight} /etc/nginx/sites-enabled/shop:5 `));
    expect(new Set(findings)).toEqual(new Set([PLACE, other]));
    expect(findings.join("\n")).toContain(fact);
  });

  test("may serve a folder of the root in which nothing is protected", async () => {
    const findings = await found("nginx", dump(server("location /i/ { alias /srv/www/images/; }")), {
      deployment: { root: "/srv/www" },
      description: { ...library, authorizers: [{ paths: ["/members/**", "/me"] }] },
    });
    expect(findings).toEqual([PLACE]);
  });

  test("may have an upstream of the same name, or another site", async () => {
    const upstream = "upstream tricorn-application_app { server unix:/x; }";
    expect(await found("nginx", dump(server(""), upstream))).toEqual([
      "stops /etc/nginx/nginx.conf:2 upstream tricorn-application_app exists: nginx refuses a second one",
      PLACE,
    ]);
    const two = `${server("location /app/ {}")}\nserver { server_name other; }`;
    expect(await found("nginx", dump(two), { deployment: { serverName: "other" } })).toEqual([
      "note /etc/nginx/sites-enabled/shop:6 a site: its server block is a place for the line",
    ]);
  });

  test("that includes this application already has no finding", async () => {
    const { outputs } = dump(server("  include snippets/tricorn-application_app.conf;"));
    const own =
      "# configuration file /etc/nginx/snippets/tricorn-application_app.conf:\nlocation ^~ /app/ {}\n";
    expect(await found("nginx", { outputs: { nginx: `${outputs!["nginx"]}\n${own}` } })).toEqual([]);
  });

  test("that listens on the port of a whole server stops it", async () => {
    const whole = { part: "whole", mount: "" } as const;
    expect(await found("nginx", dump(server("")), { deployment: whole })).toEqual([
      expect.stringMatching(/^stops \/etc\/nginx\/sites-enabled\/shop:2 nginx listens on port 80:/),
    ]);
    expect(await found("nginx", dump(server("")), { deployment: { ...whole, port: 8080 } })).toEqual([]);
  });

  test("is parsed with quotes, comments, braces and code of other languages", () => {
    const text = `# configuration file /x/nginx.conf:
a "b;\\"{" 'c}' d#e \${f}g; # h;
content_by_lua_block {
  if x then return "}" end -- {}
}
i
  j {
  include *.inc; k l;
}
# configuration file /x/m.inc:
n o;
`;
    expect(parseNginx(text)).toEqual([
      { name: "a", args: ['b;\\"{', "c}", "d#e", "${f}g"], file: "/x/nginx.conf", line: 1, block: undefined },
      { name: "content_by_lua_block", args: [], file: "/x/nginx.conf", line: 2, block: undefined },
      {
        name: "i",
        args: ["j"],
        file: "/x/nginx.conf",
        line: 5,
        block: [
          { name: "n", args: ["o"], file: "/x/m.inc", line: 1, block: undefined },
          { name: "k", args: ["l"], file: "/x/nginx.conf", line: 7, block: undefined },
        ],
      },
    ]);
  });

  test("that includes itself is parsed to an end", () => {
    const text = "# configuration file /x/nginx.conf:\ninclude nginx.conf; a b;\n";
    expect(parseNginx(text).map(({ name }) => name)).toEqual(["a"]);
  });
});

describe("HAProxy", () => {
  const file = "/etc/haproxy/haproxy.cfg";
  const shown = (text: string): Shown => ({ outputs: { haproxy: "" }, texts: { [file]: text } });
  const DEFAULTS = "defaults\n  mode http\n  option abortonclose\n  timeout client 2m\n";

  test("with an ordinary frontend has a place for the line", async () => {
    expect(await found("haproxy", shown(`${DEFAULTS}frontend web\n  bind :80\n`))).toEqual([
      `note ${file}:5 frontend web: a place for the line`,
    ]);
  });

  test.each([
    ["  use_backend php if { path_end .php }", "use_backend: our line comes before this one"],
    ["  http-request deny if { src 192.0.2.1 }", "http-request deny comes before every backend"],
    ["  redirect scheme https", "redirect scheme comes before every backend"],
    ["  timeout client 5000", "timeout client 5000 is less than our 60s"],
  ])("with %s in the frontend is a finding", async (line, fact) => {
    expect(await found("haproxy", shown(`${DEFAULTS}frontend web\n${line}\n`))).toEqual([
      `note ${file}:5 frontend web: a place for the line`,
      expect.stringContaining(`note ${file}:6 ${fact}`),
    ]);
  });

  test.each([
    ["frontend web\n  mode tcp\n", `note ${file}:5 frontend web has no mode http: it cannot select by path`],
    ["backend tricorn-application_app\n", `stops ${file}:5 backend tricorn-application_app exists`],
    ["fcgi-app tricorn-application_app\n", `stops ${file}:5 fcgi-app tricorn-application_app exists`],
    ["global\n  tune.bufsize 8192\n", `note ${file}:6 tune.bufsize 8192 is less than our 16384`],
  ])("with %j is a finding", async (text, line) => {
    expect(await found("haproxy", shown(DEFAULTS + text))).toEqual([expect.stringContaining(line)]);
  });

  test("without abortonclose is a finding in its defaults, by their name", async () => {
    const text =
      "defaults one\n  mode http\ndefaults two\n  option abortonclose\n  mode http\nfrontend web from one\n";
    expect(await found("haproxy", shown(text))).toEqual([
      `note ${file}:6 frontend web: a place for the line`,
      expect.stringContaining(`note ${file}:1 option abortonclose is missing for frontend web`),
    ]);
  });

  test("that listens on the port of a whole server stops it", async () => {
    const text = `${DEFAULTS}frontend web\n  bind 192.0.2.1:8080,:80 ssl crt /x\n`;
    const deployment = { part: "whole", mount: "" } as const;
    expect(await found("haproxy", shown(text), { deployment })).toEqual([
      expect.stringContaining(`stops ${file}:6 HAProxy listens on port 80`),
    ]);
  });

  test("is parsed with quotes and comments", () => {
    const [section] = parseHaproxy(`frontend a # b\n  c "d # e" 'f' g\\ h # i\n`, "x");
    expect(section).toMatchObject({ kind: "frontend", name: "a" });
    expect(section!.lines).toEqual([{ file: "x", line: 2, words: ["c", "d # e", "f", "g\\ h"] }]);
  });
});

describe("Caddy", () => {
  const file = "/etc/caddy/Caddyfile";
  const shown = (routes: unknown, text = ""): Shown => ({
    outputs: {
      caddy: JSON.stringify({ apps: { http: { servers: { srv0: { listen: [":80"], routes } } } } }),
    },
    texts: { [file]: text },
  });
  const site = (...routes: unknown[]) => [
    { match: [{ host: ["shop"] }], handle: [{ handler: "subroute", routes }] },
  ];

  test("with other paths has no finding", async () => {
    const routes = site(
      { match: [{ path: ["*.php"] }], handle: [{ handler: "reverse_proxy" }] },
      { match: [{ path: ["/apple/*"] }], group: "group1", handle: [{ handler: "subroute" }] },
      { handle: [{ handler: "vars", root: "/srv/shop" }, { handler: "file_server" }] },
    );
    expect(
      await found("caddy", shown(routes), { deployment: { root: "/srv/www" }, description: library }),
    ).toEqual([]);
  });

  test.each([
    ["/app/members/*", {}, "stops", "no authorizer of the application is asked"],
    ["/app/static/*", {}, "note", "answered first, not by the application"],
    ["/app*", { group: "group1" }, "stops", "no authorizer of the application is asked"],
    ["/*", { group: "group1" }, "stops", "so no request reaches the application"],
  ])("with a route of %s is a finding, in its line", async (path, more, weight, fact) => {
    const routes = site({ match: [{ path: [path] }], ...more, handle: [{ handler: "file_server" }] });
    const description = { ...library, authorizers: [{ paths: ["/members/**"] }] };
    expect(await found("caddy", shown(routes, `:80 {\n\thandle ${path} {\n`), { description })).toEqual([
      expect.stringMatching(new RegExp(`^${weight} ${file}:2 .*${fact}`)),
    ]);
  });

  test.each([
    [
      { handler: "request_body", max_size: 1000 },
      "note - request_body takes 1000 bytes, less than our 67108864",
    ],
    [{ handler: "static_response", status_code: 302 }, "note - a redirect of the site comes first"],
    [{ handler: "authentication", providers: { password: SECRET } }, "note - the authentication of the site"],
    [{ handler: "vars", root: "/srv" }, "stops - root /srv contains the files of /srv/www"],
  ])("with %j is a finding", async (handler, line) => {
    const findings = await found("caddy", shown(site({ handle: [handler] })), {
      deployment: { root: "/srv/www" },
      description: library,
    });
    expect(findings).toEqual([expect.stringContaining(line)]);
    expect(findings.join()).not.toContain(SECRET);
  });

  test("that listens on the port of a whole server stops it", async () => {
    expect(await found("caddy", shown([]), { deployment: { part: "whole", mount: "" } })).toEqual([
      expect.stringContaining("stops - Caddy listens on port 80"),
    ]);
  });
});

test.each(Object.keys(examiners))("%s that shows nothing stops the application", async (server) => {
  expect(await found(server, {})).toEqual([
    expect.stringContaining("stops - the configuration cannot be seen"),
  ]);
});

test.each([
  ["no program", "run the command on the machine of the Web server"],
  ["no file", "name the main file with --main-file"],
  ["not permitted", "run the command as a user who may, such as root"],
  ["refused", "the Web server does not accept it as it is; mend it first"],
] as const)("a configuration that cannot be seen for %s comes with what helps", async (unseenFor, cure) => {
  expect(await found("nginx", { unseenFor })).toEqual([expect.stringContaining(cure)]);
});

test.each([
  ["haproxy", "/etc/haproxy/haproxy.cfg", "haproxy -c"],
  ["h2o", "/etc/h2o/h2o.conf", "h2o -t"],
])("a main file that %s does not accept stops the application", async (server, file, check) => {
  const texts = { [file]: "" };
  const fact = `stops - ${check} does not accept ${file} as it is; mend it first`;
  expect(await found(server, { texts, unseenFor: "refused" })).toContain(fact);
  expect(await found(server, { texts, unseenFor: "no program" })).not.toContain(fact);
});

test("a port on which a program listens stops a whole server", async () => {
  const texts = {
    "/proc/net/tcp": `  sl  local_address rem_address   st tx_queue
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000
   1: 0100007F:0050 0200007F:C350 01 00000000:00000000
`,
    "/proc/net/tcp6": "  0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A\n",
  };
  const outputs = { nginx: "# configuration file /etc/nginx/nginx.conf:\n" };
  const taken = (deployment: DeploymentInput): Promise<string[]> =>
    found("nginx", { outputs, texts }, { deployment: { part: "whole", mount: "", ...deployment } });
  expect(await taken({ port: 80 })).toEqual([]);
  expect(await taken({ port: 8080 })).toEqual([
    expect.stringContaining("stops - a program listens on port 8080"),
  ]);
  expect(await taken({ tls: { certificate: "/a.pem" } })).toEqual([
    expect.stringContaining("stops - a program listens on port 443"),
  ]);
});
