import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import {
  createApplication,
  createContainer,
  serve,
  type ControllerClass,
  type ListenerOptions,
} from "tricorn";

import { WebServer, type Place, type WebServerKind } from "../support/web-servers/web-server.js";
import { blockNamed, root, type Block } from "./blocks.js";

/** An application on both kinds of sockets, in this process. */
export interface Behind {
  readonly tcp: string;
  readonly unix: string;
  close(): Promise<void>;
}

/** The description of an application in front of which documents show a Web server. */
export interface BothOptions extends ListenerOptions {
  readonly mount?: string;
  /** Whether it speaks SCGI. */
  readonly isScgi?: boolean;
}

export async function serveBoth(
  controllers: readonly ControllerClass[],
  { mount, isScgi = false, ...listener }: BothOptions = {},
): Promise<Behind> {
  const folder = await mkdtemp(join(tmpdir(), "tricorn-docs-"));
  const container = createContainer();
  const application = createApplication({ controllers, container, mount });
  const unix = join(folder, "app.sock");
  const options = { signals: false, ...listener };
  const protocol = isScgi ? "scgi:" : "";
  const served = [
    await serve(application, `${protocol}0`, options),
    await serve(application, `${protocol}${unix}`, options),
  ];
  const close = async (): Promise<void> => {
    for (const one of served) await one.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { tcp: served[0]!.address.slice(protocol.length), unix, close };
}

/** How a program is started that a Web server shall start: a script that runs an example. */
export function exampleScript(example: string): string {
  const options = "--import @oxc-node/core/register";
  return `#!/bin/sh\ncd ${root} && exec ${process.execPath} ${options} examples/${example}\n`;
}

/** The options of a configuration's run. */
export interface RunOptions {
  /** The application's address, if the configuration forwards to one that is already running. */
  readonly behind?: Behind | undefined;
  /** Replaces the documents' /srv/hats/hats. */
  readonly script?: string | undefined;
  /** Further files in the server's folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** More configuration, before that of the document. */
  readonly before?: string;
  /** Whether lighttpd is not to start the application, because it runs already. */
  readonly withoutBinPath?: boolean;
}

/** Starts a Web server with a block of a document as its configuration, in places where a test may write. */
export function startWith(document: string, firstLine: string, options: RunOptions): Promise<WebServer> {
  const block = blockNamed(document, firstLine);
  return WebServer.start(kindOf(block, options));
}

function kindOf(block: Block, options: RunOptions): WebServerKind {
  const { script, files = {} } = options;
  const others = { ...(script !== undefined && { hats: script }), "www/.keep": "", ...files };
  switch (block.language) {
    case "nginx":
      return {
        program: "nginx",
        args: ({ folder }) => ["-p", folder, "-c", "nginx.conf", "-g", "daemon off;"],
        files: (place) => ({
          ...others,
          "nginx.conf": nginx(place, adapted(block, place, options)),
          fastcgi_params: readFileSync("/etc/nginx/fastcgi_params", "utf8"),
          scgi_params: readFileSync("/etc/nginx/scgi_params", "utf8"),
          "temporary/.keep": "",
        }),
      };
    case "apache":
      return {
        program: "apache2",
        notAsRoot: true,
        args: ({ folder }) => ["-d", folder, "-f", `${folder}/httpd.conf`, "-DFOREGROUND"],
        files: (place) => ({ ...others, "httpd.conf": apache(place, adapted(block, place, options)) }),
      };
    case "lighttpd":
      return {
        program: "lighttpd",
        args: ({ folder }) => ["-D", "-f", `${folder}/lighttpd.conf`],
        files: (place) => ({ ...others, "lighttpd.conf": lighttpd(place, adapted(block, place, options)) }),
      };
    case "caddyfile":
      return {
        program: "caddy",
        args: () => ["run", "--config", "Caddyfile", "--adapter", "caddyfile"],
        env: ({ folder }) => ({ HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }),
        files: (place) => ({
          ...others,
          Caddyfile: `{\n  admin off\n  auto_https off\n}\n${adapted(block, place, options)}`,
        }),
      };
    default:
      throw new Error(`${block.document}:${block.line}: there is no Web server ${block.language}`);
  }
}

/** The block with the places of the documents replaced by those of the test. */
function adapted(
  { text }: Block,
  { port, folder }: Place,
  { behind, before = "", withoutBinPath = false }: RunOptions,
): string {
  const places: readonly (readonly [string, string])[] = [
    ["listen 80;", `listen 127.0.0.1:${port};`],
    ["127.0.0.1:9145", `127.0.0.1:${port}`],
    ["127.0.0.1:8080", `127.0.0.1:${port}`],
    ["/srv/hats/public", `${folder}/www`],
    ["/srv/hats/", `${folder}/`],
    ["/run/hats/cgid.sock", `${folder}/cgid.sock`],
    ["/run/hats/status.sock", behind?.unix ?? `${folder}/status.sock`],
    ["/run/hats/app.sock", behind?.unix ?? `${folder}/app.sock`],
    ["127.0.0.1:9000", behind?.tcp ?? "127.0.0.1:9"],
  ];
  const shown = withoutBinPath ? text.replace(/^.*"bin-path".*\n/m, "") : text;
  return before + places.reduce((adapting, [told, here]) => adapting.replaceAll(told, here), shown);
}

function nginx({ folder }: Place, server: string): string {
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : "";
  const temporary = ["client_body", "fastcgi", "proxy", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/temporary/${name};`,
  );
  return `
${user}
pid ${folder}/nginx.pid;
error_log stderr info;
events {}
http {
access_log off;
${temporary.join("\n")}
${server}
}
`;
}

function apache({ port, folder, errorLog }: Place, rest: string): string {
  const modules = ["mpm_event", "authz_core", "authz_host", "authn_core"].map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  return `
${modules.join("\n")}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/httpd.pid
DefaultRuntimeDir ${folder}
Mutex file:${folder}
ErrorLog ${errorLog}
StartServers 1
KeepAliveTimeout 1
DocumentRoot ${folder}/www
<Directory />
  Require all granted
</Directory>
<IfModule fcgid_module>
  FcgidIPCDir ${folder}
  FcgidProcessTableFile ${folder}/fcgid
</IfModule>
${rest}
<IfModule fcgid_module>
  FcgidIPCDir ${folder}
  FcgidProcessTableFile ${folder}/fcgid
</IfModule>
`;
}

function lighttpd({ port, folder, errorLog }: Place, rest: string): string {
  return `
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${folder}/www"
server.errorlog = "${errorLog}"
server.upload-dirs = ("${folder}")
mimetype.assign = ("" => "text/plain")
${rest}
`;
}
