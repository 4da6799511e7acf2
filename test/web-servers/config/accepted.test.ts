import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { DeploymentInput } from "../../../src/config/deployment.js";
import { complaints, library, unknown, write, type Description } from "../../config/support.js";

let state: string;
beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "tricorn-state-"));
});
afterAll(() => rm(state, { recursive: true, force: true }));

const descriptions: Readonly<Record<string, Description>> = {
  "an unknown application": unknown,
  "all roles": library,
  "authorizers alone": { ...library, responders: [], filters: [] },
  "no authorizer": { ...library, authorizers: [] },
  "everything protected": { ...library, authorizers: [{ paths: [] }] },
};

/** Every combination of options that changes the configuration. */
function combinations(): { name: string; deployment: DeploymentInput; description: Description }[] {
  const found = [];
  for (const listen of ["127.0.0.1:9000", "[::1]:9000", "unix:/run/library/app.sock"]) {
    for (const mount of ["", "/app", "/a.b/~c"]) {
      for (const root of [undefined, "/srv/library"]) {
        for (const [kind, description] of Object.entries(descriptions)) {
          const deployment = { listen, mount, ...(root !== undefined && { root }) };
          found.push({ name: `${kind}: ${JSON.stringify(deployment)}`, deployment, description });
        }
      }
    }
  }
  return found;
}

const odd: readonly [string, DeploymentInput][] = [
  [
    "every other option",
    { bind: "127.0.0.1", serverName: "books.example.org", name: "books", maxBodyBytes: 1, timeout: 1 },
  ],
  ["an IPv6 address", { bind: "::1" }],
  ["names beyond ASCII", { root: "/srv/bücher~1", protect: ["/mitglieder-ä/**", "/ß/😀?"] }],
  [
    "globs with everything in them",
    {
      protect: ["/a b/{c,d}/**", "*.';$#%", "/[a-c]/[^d]?/**/e", '/\\*\\(\\)\\{\\}\\"/`<>&'],
      filter: ["*.md"],
    },
  ],
  ["connections of one request", { haproxy: { connections: "closed" } }],
  ["connections of one request at a time", { haproxy: { connections: "kept" } }],
];

describe.each(["nginx", "caddy", "haproxy", "h2o"])("%s accepts", (server) => {
  const complaintsAbout = (deployment: DeploymentInput, description: Description): Promise<string[]> =>
    complaints(write(server, { port: 8080, state, ...deployment }, description));

  test("every combination of sockets, mounts, roots and roles", async () => {
    for (const { name, deployment, description } of combinations()) {
      expect([name, await complaintsAbout(deployment, description)]).toEqual([name, []]);
    }
  });

  test("variables of authorizers that are not asked", async () => {
    expect(await complaintsAbout({ variables: ["AUTH_USER"] }, unknown)).toEqual([]);
  });

  test.each(odd)("%s", async (_, deployment) => {
    expect(await complaintsAbout({ root: "/srv/www", ...deployment }, library)).toEqual([]);
  });
});

describe.each(["nginx", "haproxy"])("%s accepts several upstreams", (server) => {
  const upstream = ["127.0.0.2:9000", "127.0.0.2:9001", "[::1]:9000", "localhost:9000"];
  const fields: readonly DeploymentInput[] = [
    {},
    { affinity: "user" },
    { affinity: "cookie:__Host-a.b_c" },
    { drain: ["[::1]:9000", "127.0.0.2:9001"] },
    { statusPort: 9100 },
    { upstream: ["unix:/run/a_b/c.sock", "unix:/run/a/b_c+@~.sock", "127.0.0.1:9000"] },
    { haproxy: { connections: "closed" } },
    { haproxy: { connections: "multiplexed" }, mount: "/app", root: "/srv/www" },
  ];
  test.each(fields)("with %j", async (more) => {
    const deployment = { port: 8080, state, upstream, ...more };
    expect(await complaints(write(server, deployment, library))).toEqual([]);
  });
});

test("nginx accepts several upstreams by SCGI", async () => {
  const deployment: DeploymentInput = {
    port: 8080,
    state,
    protocol: "scgi",
    listen: ["127.0.0.2:9000", "[::1]:9000"],
  };
  expect(await complaints(write("nginx", deployment, library))).toEqual([]);
});

test.each(["user", "cookie:a.b"])("a site accepts several upstreams with affinity %s", async (affinity) => {
  const deployment: DeploymentInput = {
    part: "into",
    mount: "/app",
    upstream: ["127.0.0.2:9000", "[::1]:9000"],
    affinity,
  };
  const [part, upstreams] = write("nginx", deployment, library).files;
  const http = [
    `pid ${state}/nginx.pid; events {} http { access_log off;`,
    ...["client_body", "fastcgi", "proxy", "scgi", "uwsgi"].map((one) => `${one}_temp_path ${state}/${one};`),
    `${upstreams!.text} server { listen 8080;`,
    `${part!.text} } }`,
  ];
  const nginx = { ...write("nginx", {}), files: [{ name: "nginx.conf", text: http.join("\n") }] };
  expect(await complaints(nginx)).toEqual([]);

  const { files } = write("haproxy", deployment, library);
  const site = `defaults\n  timeout client 60s\nfrontend web\n  mode http\n  bind :8080\n  use_backend tricorn-application_app\n${files[0]!.text}`;
  const haproxy = { ...write("haproxy", {}), files: [{ name: "haproxy.cfg", text: site }] };
  expect(await complaints(haproxy)).toEqual([]);
});
