import type { Deployment } from "../deployment.js";
import { block } from "../text.js";
import { lighttpdString } from "./lighttpd-text.js";

/** Modules for HTTPS; Debian has the first one in the package lighttpd-mod-openssl. */
export function tlsModules({ tls }: Deployment): string[] {
  return tls.certificate === undefined ? [] : ["mod_openssl", "mod_redirect", "mod_setenv"];
}

/** Directives that make a server speak HTTPS. HTTP/2 is lighttpd's default. */
export function tlsDirectives({ tls }: Deployment): string[] {
  const { certificate, key = certificate } = tls;
  if (certificate === undefined || key === undefined) return [];
  return [
    'ssl.engine = "enable"',
    `ssl.pemfile = ${lighttpdString(certificate)}`,
    `ssl.privkey = ${lighttpdString(key)}`,
    'ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.2")',
    "# Browsers then use only HTTPS for this name, for a year. It cannot be taken back.",
    '# setenv.add-response-header = ("Strict-Transport-Security" => "max-age=31536000")',
  ];
}

/** The socket whose requests are redirected to HTTPS. */
export function redirectSocket({ bind, port, tls }: Deployment): string[] {
  if (tls.certificate === undefined) return [];
  const host = bind?.includes(":") === true && !bind.startsWith("[") ? `[${bind}]` : (bind ?? "");
  const location = port === 443 ? "https://%1${url.path}${qsa}" : `https://%1:${port}\${url.path}\${qsa}`;
  return [
    "",
    ...block(`$SERVER["socket"] == ${lighttpdString(`${host}:${tls.redirectFrom}`)}`, [
      'ssl.engine = "disable"',
      ...block(String.raw`$HTTP["host"] =~ "^(\[[^\]]*\]|[^:]*)"`, [
        `url.redirect = ("" => ${lighttpdString(location)})`,
        "url.redirect-code = 308",
      ]),
    ]),
  ];
}
