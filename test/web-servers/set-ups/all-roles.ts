import type { SetUp } from "../../support/web-servers/set-up.js";

type Way = Pick<SetUp, "server" | "over" | "deployment">;

/** A way for each Web server to have all three roles behind it. */
const ways: readonly Way[] = [
  { server: "nginx", over: "unix" },
  { server: "apache" },
  { server: "lighttpd", over: "unix" },
  { server: "caddy", over: "unix" },
  { server: "haproxy" },
  { server: "h2o", over: "unix" },
  { server: "jetty" },
  { server: "gateway", over: "unix" },
];

function setUpOf(way: Way, { role, how }: { readonly role: string; readonly how: string }): SetUp {
  return { ...way, id: `${way.server}-${role}`, how };
}

/** Every Web server whose files pass through filters. */
export const filterSetUps = ways.map((way) =>
  setUpOf(way, {
    role: "filter",
    how:
      way.server === "gateway" ? "the filter role" : "files below the root that is declared, over the bridge",
  }),
);

/** Every Web server that the library is put behind. */
export const librarySetUps = ways.map((way) =>
  setUpOf(way, { role: "library", how: "responders, an authorizer and filters at once" }),
);
