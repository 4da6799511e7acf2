/** Parses the target of a request, of any form and with any bytes, as a URL of this server. Never throws. */
export function targetUrl(target = "/"): URL {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").replace(/^\/+/, "");
  // The slash after the host ends it: a target such as "//[" would otherwise be parsed as another, malformed host.
  return new URL(`http://localhost/${path}`);
}
