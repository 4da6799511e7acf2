import type { FilterDifferences } from "../../support/web-servers/differences.js";
import type { FilterSetUp, LibrarySetUp } from "../../support/web-servers/set-up.js";

type Way = Pick<FilterSetUp, "server" | "over" | "differences">;

const redirectsByLocation: FilterDifferences["redirectsByLocation"] = {
  because: "HAProxy 2.6.12 makes every FastCGI answer with a Location a 302.",
};
const leavesValidators: FilterDifferences["leavesValidators"] = {
  because:
    "In the filter role the filter compares them (`request.notModified`), and this one does not; over the bridge Tricorn does.",
};

/** One set-up per Web server that supports all three roles. */
const ways: readonly Way[] = [
  { server: "nginx", over: "unix" },
  { server: "nginx", over: "scgi-unix" },
  { server: "apache" },
  { server: "lighttpd", over: "unix" },
  { server: "caddy", over: "unix" },
  { server: "haproxy", differences: { redirectsByLocation } },
  { server: "h2o", over: "unix" },
  { server: "jetty" },
  { server: "gateway", over: "unix", differences: { leavesValidators } },
];

function setUpOf(way: Way, { role, how }: { readonly role: string; readonly how: string }): FilterSetUp {
  const isScgi = way.over === "scgi-unix";
  return {
    ...way,
    id: `${way.server}${isScgi ? "-scgi" : ""}-${role}`,
    how: isScgi ? `${how}, by SCGI` : how,
  };
}

/** Every Web server whose files pass through filters. */
export const filterSetUps: readonly FilterSetUp[] = ways.map((way) => {
  const how = way.server === "gateway" ? "the filter role" : "files below a declared root, over the bridge";
  return setUpOf(way, { role: "filter", how });
});

/** Every Web server in front of the library. */
export const librarySetUps: readonly LibrarySetUp[] = ways.map((way) =>
  setUpOf(way, { role: "library", how: "responders, an authorizer and filters at once" }),
);
