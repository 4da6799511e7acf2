import type { Deployment } from "../deployment.js";
import { apachePath, apacheSection, apacheWord } from "./apache-text.js";

/** What Apache listens on: `80`, `127.0.0.1:80` or `[::1]:80`. */
export function listenAddress({ bind }: Deployment, port: number): string {
  if (bind === undefined) return String(port);
  return `${bind.includes(":") && !bind.startsWith("[") ? `[${bind}]` : bind}:${port}`;
}

/** Modules for HTTPS with HTTP/2. */
export function tlsModules({ tls }: Deployment): string[] {
  return tls.certificate === undefined ? [] : ["headers", "http2", "rewrite", "ssl"];
}

/** Directives that make a server speak HTTPS and HTTP/2. */
export function tlsDirectives({ tls }: Deployment): string[] {
  const { certificate, key = certificate } = tls;
  if (certificate === undefined || key === undefined) return [];
  return [
    "Protocols h2 http/1.1",
    "SSLEngine On",
    `SSLCertificateFile ${apachePath(certificate)}`,
    `SSLCertificateKeyFile ${apachePath(key)}`,
    "SSLProtocol -all +TLSv1.2 +TLSv1.3",
    "# Browsers then use only HTTPS for this name, for a year. It cannot be taken back.",
    '# Header always set Strict-Transport-Security "max-age=31536000"',
  ];
}

/** The virtual host that redirects HTTP to HTTPS, as the client has written the target. Apache adds the query itself. */
export function redirectHost(deployment: Deployment): string[] {
  const { port, tls } = deployment;
  if (tls.certificate === undefined) return [];
  const address = listenAddress(deployment, tls.redirectFrom);
  const host = port === 443 ? "%{SERVER_NAME}" : `%{SERVER_NAME}:${port}`;
  return [
    "",
    `Listen ${apacheWord(address)}`,
    ...apacheSection("VirtualHost", apacheWord(address.includes(":") ? address : `*:${address}`), [
      "SSLEngine Off",
      "RewriteEngine On",
      String.raw`RewriteCond "%{THE_REQUEST}" "^\S+ (?:[A-Za-z]+://[^/\s]*)?(/[^\s?]*)[? ]"`,
      `RewriteRule "^" "https://${host}%1" [R=308,L,NE]`,
      'RewriteRule "^" "-" [F]',
    ]),
  ];
}
