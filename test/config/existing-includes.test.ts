// What --existing finds for Apache, lighttpd and H2O, in configurations as they show them.
import { describe, expect, test } from "vitest";

import { parseDeployment, type DeploymentInput } from "../../src/config/deployment.js";
import { apacheExaminer } from "../../src/config/apache/apache-existing.js";
import type { ConfigurationView, Examiner } from "../../src/config/existing/examiner.js";
import { h2oExaminer } from "../../src/config/h2o-existing.js";
import { lighttpdExaminer } from "../../src/config/lighttpd/lighttpd-existing.js";
import { routingPlanOf } from "../../src/config/plan/plan.js";
import { library, unknown } from "./support.js";

interface Told {
  readonly output?: string;
  readonly texts?: Readonly<Record<string, string>>;
  readonly deployment?: DeploymentInput;
  readonly isKnown?: boolean;
}

/** The findings as lines: "stops a.conf:3 fact"; undefined if nothing could be seen. */
async function found(
  { examine, mainFile }: Examiner,
  { output, texts = {}, deployment = {}, isKnown = false }: Told,
): Promise<string[] | undefined> {
  const view: ConfigurationView = {
    unseenFor: undefined,
    output: () => Promise.resolve(output),
    text: (path) => Promise.resolve(texts[path]),
  };
  const plan = routingPlanOf({
    deployment: parseDeployment({ part: "into", mount: "/app", ...deployment }),
    description: isKnown ? library : unknown,
  });
  const examined = await examine({ plan, mainFile, view });
  return examined?.findings.map(({ weight, place, fact }) =>
    [weight, place === undefined ? "-" : `${place.file}:${place.line}`, fact].join(" "),
  );
}

const WHOLE = { part: "whole", mount: "" } as const;

describe("Apache", () => {
  const site = "/etc/apache2/sites-enabled/shop.conf";
  const output = `Included configuration files:\n  (*) /etc/apache2/apache2.conf\n    (225) ${site}\n`;
  const shown = (text: string, more: Omit<Told, "output" | "texts"> = {}): Promise<string[] | undefined> =>
    found(apacheExaminer, { output, texts: { [site]: text }, ...more });

  test("shows the virtual host with the name, or all of them", async () => {
    const two =
      "<VirtualHost *:80>\n  ServerName a.example\n</VirtualHost>\n<VirtualHost *:80>\n</VirtualHost>\n";
    const note = (line: number): string =>
      `note ${site}:${line} a site: the end of its VirtualHost is the place for the line`;
    expect(await shown(two)).toEqual([note(1), note(4)]);
    expect(await shown(two, { deployment: { serverName: "a.example" } })).toEqual([note(1)]);
  });

  test("names what comes before the application, and what comes after the line", async () => {
    const text = `<VirtualHost *:80>
  # RewriteRule none
  AuthUserFile hunter2
  RewriteRule ^ /index.php
  Redirect 301 /app /new
  ProxyPass /app/x http://127.0.0.1:1/
  ProxyPass /apple http://127.0.0.1:1/
  <Directory /srv>
    RewriteRule ^ none
  </Directory>
  Include /etc/apache2/tricorn-application_app.conf
  <Location "/app">
    Require all granted
  </Location>
  <If "true">
    Require all granted
  </If>
</VirtualHost>
`;
    const lines = await shown(text, { isKnown: true });
    expect(lines).toEqual([
      `stops ${site}:12 location is after the line for the application, and may undo what that requires`,
      `note ${site}:4 RewriteRule comes first, also for paths of the application`,
      `note ${site}:5 redirect /app answers paths of /app, not the application`,
      `note ${site}:6 proxypass /app/x loses its paths to the application`,
      `stops ${site}:15 If counts after each location, and may undo what an authorizer requires`,
    ]);
    expect(lines!.join()).not.toContain("hunter2");
  });

  test("stops for a provider of that name, a port that is taken, and files that the site shows", async () => {
    expect(
      await shown("AuthnzFcgiDefineProvider authn tricorn-application_app fcgi://127.0.0.1:1/\n"),
    ).toEqual([`stops ${site}:1 a provider tricorn-application_app exists: Apache refuses a second one`]);
    expect(await shown("Listen 127.0.0.1:80\nListen 8080\n", { deployment: WHOLE })).toEqual([
      `stops ${site}:1 Apache listens on port 80: choose another --port, or add the application to a site with --into`,
    ]);
    expect(await shown("DocumentRoot /srv\n", { deployment: { root: "/srv/club" }, isKnown: true })).toEqual([
      `stops ${site}:1 DocumentRoot /srv contains the files of /srv/club, and no authorizer or filter is asked there`,
    ]);
  });

  test.each([
    ["Alias /all /srv/club", "Alias /srv/club contains the files of /srv/club"],
    ['Alias "/all/" "/srv/"', "Alias /srv/ contains the files of /srv/club"],
    ["DocumentRoot /srv/club/members", "DocumentRoot /srv/club/members is in /srv/club"],
  ])("stops for %s, which shows protected files", async (line, fact) => {
    expect(await shown(`${line}\n`, { deployment: { root: "/srv/club" }, isKnown: true })).toEqual([
      `stops ${site}:1 ${fact}, and no authorizer or filter is asked there`,
    ]);
  });

  test("says nothing of a folder with other files", async () => {
    const deployment = { root: "/srv/club" };
    expect(await shown("Alias /i /srv/clubs\n", { deployment, isKnown: true })).toEqual([]);
  });

  test("sees nothing if apache2ctl fails", async () => {
    expect(await found(apacheExaminer, {})).toBeUndefined();
  });
});

describe("lighttpd", () => {
  const main = "/etc/lighttpd/lighttpd.conf";
  const shown = (text: string, more: Omit<Told, "output" | "texts"> = {}): Promise<string[] | undefined> =>
    found(lighttpdExaminer, {
      output: `config {\n${text}\n}`,
      texts: { [main]: `# ${text}\n${text}\n` },
      ...more,
    });

  test("names conditions below the mount, and modules that take their paths", async () => {
    expect(await shown('    $HTTP["url"] =~ "^/app/members/" {', { isKnown: true })).toEqual([
      `stops ${main}:2 a condition for /app/members/ may replace what the application has there, if it comes after the line`,
    ]);
    expect(await shown('    $HTTP["url"] =~ "^/app(?:/|$)" {')).toEqual([]);
    expect(await shown('    $HTTP["url"] =~ "^/apple/" {')).toEqual([]);
    expect(await shown("    proxy.server                   = (")).toEqual([
      `note ${main}:2 proxy.server takes paths of the application, if it names them and its module is loaded before mod_fastcgi`,
    ]);
  });

  test("stops for a port that is taken, and files that the site shows", async () => {
    expect(await shown("    server.port                    = 80", { deployment: WHOLE })).toEqual([
      `stops ${main}:2 lighttpd listens on port 80: choose another --port, or add the application to its site with --into`,
    ]);
    const deployment = { root: "/srv/club" };
    expect(await shown('    server.document-root           = "/srv"', { deployment, isKnown: true })).toEqual(
      [
        `stops ${main}:2 server.document-root /srv contains the files of /srv/club, and no authorizer or filter is asked there`,
      ],
    );
  });

  test("stops for an alias that shows protected files, except for its own", async () => {
    const deployment = { root: "/srv/club" };
    const aliases = (...lines: string[]): string =>
      ["    alias.url            = (", ...lines.map((line) => `        ${line},`), "    )"].join("\n");
    const text = aliases(
      '"/doc/" => "/usr/share/doc/"',
      '"/all/" => "/srv/club/"',
      '"/app/" => "/srv/club/"',
    );
    expect(await shown(text, { deployment, isKnown: true })).toEqual([
      `stops ${main}:3 alias.url /srv/club/ contains the files of /srv/club, and no authorizer or filter is asked there`,
    ]);
  });

  test("sees nothing if lighttpd fails", async () => {
    expect(await found(lighttpdExaminer, {})).toBeUndefined();
  });
});

describe("H2O", () => {
  const main = "/etc/h2o/h2o.conf";
  const shown = (text: string, more: Omit<Told, "output" | "texts"> = {}): Promise<string[] | undefined> =>
    found(h2oExaminer, { output: "", texts: { [main]: text }, ...more });

  test("shows the hosts, and paths at and below the mount", async () => {
    const text = `limit-request-body: 1000
hosts:
  default:
    paths:
      /:
        file.dir: /srv
      "/app":
        file.dir: /other
      /app/members/: # ours
        file.dir: /other
      /apple:
        file.dir: /other
`;
    const deployment = { root: "/srv/club" };
    expect(await shown(text, { deployment, isKnown: true })).toEqual([
      `note ${main}:1 limit-request-body 1000 is below the 67108864 of the application`,
      `note ${main}:4 a host: its paths are the place for the line`,
      `stops ${main}:6 file.dir /srv contains the files of /srv/club, and no authorizer or filter is asked there`,
      `stops ${main}:7 the path /app exists: H2O refuses a second one, or takes the application's for it`,
      `stops ${main}:9 the path /app/members/ answers its paths, not the application`,
    ]);
    expect(await shown('      "/app": !file "/etc/h2o/x.yaml"\n')).toEqual([]);
  });

  test("stops for a port that is taken", async () => {
    expect(await shown("listen:\n  port: 80\n", { deployment: WHOLE })).toEqual([
      `stops ${main}:2 H2O listens on port 80: choose another --port, or add the application to its host with --into`,
    ]);
  });
});
