import type { Place, WebServerKind } from "./web-server.js";

/** Caddy with a Caddyfile of one site. */
export function caddy(write: (place: Place) => string): WebServerKind {
  return {
    program: "caddy",
    args: () => ["run", "--config", "Caddyfile", "--adapter", "caddyfile"],
    // It keeps its state in the home directory.
    env: ({ folder }) => ({ HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }),
    files: (place) => ({
      Caddyfile: `
{
  admin off
  auto_https off
}
http://127.0.0.1:${place.port} {
${write(place)}
}
`,
    }),
  };
}
