import type { Params } from "../protocol/params.js";

/** The params whose values are secrets of the client. */
const secretNames = [
  "HTTP_AUTHORIZATION",
  "HTTP_PROXY_AUTHORIZATION",
  "HTTP_COOKIE",
  "REMOTE_PASSWD",
  // Jetty hands the whole Authorization value over in here.
  "AUTH_TYPE",
];

/** Shorter values are too common in ordinary text to be taken for the secret. */
const MIN_SECRET_LENGTH = 4;

/**
 * Replaces the secrets of a request wherever they occur in a text: an error message that quotes one must not carry it
 * into a log.
 *
 * @param further names of params beside Authorization, Cookie and the password that hold secrets
 */
export function redact(text: string, params: Params, further: readonly string[] = []): string {
  let redacted = text;
  for (const secret of secretsOf(params, further)) redacted = redacted.replaceAll(secret, "[redacted]");
  return redacted;
}

/** The most characters of a line for FCGI_STDERR. */
const LINE_LENGTH = 500;

/** One line for FCGI_STDERR: no control characters, so that it cannot forge a line of the server's error log. */
export function oneLine(text: string): string {
  // Of a long text only the beginning is looked at: what a peer has made long costs nothing more.
  const printable = text
    .slice(0, 4 * LINE_LENGTH)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return printable.length > LINE_LENGTH ? `${printable.slice(0, LINE_LENGTH - 1)}…` : printable;
}

function secretsOf(params: Params, further: readonly string[]): string[] {
  const secrets = new Set<string>();
  const add = (value: string | undefined): void => {
    if (value !== undefined && value.length >= MIN_SECRET_LENGTH) secrets.add(value);
  };
  for (const name of [...secretNames, ...further]) {
    for (const value of params.getAll(name)) {
      if (name === "AUTH_TYPE" && !value.includes(" ")) continue;
      add(value);
      const [, scheme, credentials] = /^(\S+) +(.*)$/s.exec(value) ?? [];
      add(credentials);
      if (scheme?.toLowerCase() === "basic" && credentials !== undefined) {
        const decoded = Buffer.from(credentials, "base64").toString("utf8");
        add(decoded);
        add(decoded.slice(decoded.indexOf(":") + 1));
      }
      if (name === "HTTP_COOKIE") {
        for (const pair of value.split(";")) add(pair.slice(pair.indexOf("=") + 1).trim());
      }
    }
  }
  // Longest first, so that a part does not leave the rest of a whole behind.
  return [...secrets].sort((a, b) => b.length - a.length);
}
