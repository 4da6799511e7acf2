import type { SetUp } from "../../support/web-servers/set-up.js";

/** A way for each Web server to have all three roles behind it. */
const servers: readonly Pick<SetUp, "server" | "over" | "deployment">[] = [
  { server: "nginx", over: "unix" },
  { server: "apache" },
  { server: "lighttpd", over: "unix" },
  { server: "caddy", over: "unix" },
  { server: "haproxy" },
  { server: "h2o", over: "unix" },
  { server: "jetty" },
];

/** Every Web server whose files pass through filters. */
export const filterSetUps: readonly SetUp[] = servers.map((setUp) => ({
  ...setUp,
  id: `${setUp.server}-filter`,
  how: "files below the root that is declared, over the bridge",
}));

/** Every Web server that the library is put behind. */
export const librarySetUps: readonly SetUp[] = servers.map((setUp) => ({
  ...setUp,
  id: `${setUp.server}-library`,
  how: "responders, an authorizer and filters at once",
}));
