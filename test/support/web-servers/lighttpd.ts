import type { Place, WebServerKind } from "./web-server.js";

/** lighttpd with mod_fastcgi. */
export function lighttpd(write: (place: Place) => string): WebServerKind {
  return {
    program: "lighttpd",
    args: ({ folder }) => ["-D", "-f", `${folder}/lighttpd.conf`],
    files: (place) => ({ "lighttpd.conf": configuration(place, write(place)), "www/.keep": "" }),
  };
}

function configuration({ port, folder, errorLog }: Place, rest: string): string {
  return `
server.modules = ("mod_fastcgi")
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${folder}/www"
server.errorlog = "${errorLog}"
server.upload-dirs = ("${folder}")
server.max-keep-alive-requests = 100000
mimetype.assign = ("" => "text/plain")
${rest}
`;
}
