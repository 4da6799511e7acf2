import type { Place, WebServerKind } from "./web-server.js";

const MODULES = "/usr/lib/apache2/modules";

/** What every configuration here needs; mod_unixd and others are compiled in. */
const COMMON = ["mpm_event", "authz_core", "authz_host", "mime"];

/** Apache with the modules that are named, without their "mod_". */
export function apache(modules: readonly string[], write: (place: Place) => string): WebServerKind {
  return {
    program: "apache2",
    notAsRoot: true,
    args: ({ folder }) => ["-d", folder, "-f", `${folder}/httpd.conf`, "-DFOREGROUND"],
    files: (place) => ({ "httpd.conf": configuration(place, modules, write(place)), "www/.keep": "" }),
  };
}

function configuration({ port, folder, errorLog }: Place, modules: readonly string[], rest: string): string {
  return `
${[...COMMON, ...modules].map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/httpd.pid
DefaultRuntimeDir ${folder}
Mutex file:${folder}
ErrorLog ${errorLog}
LogLevel info
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 64
KeepAlive On
KeepAliveTimeout 1
AllowEncodedSlashes NoDecode
MaxKeepAliveRequests 0
TypesConfig /dev/null
DocumentRoot ${folder}/www
<Directory />
  Require all granted
</Directory>
${rest}
`;
}
