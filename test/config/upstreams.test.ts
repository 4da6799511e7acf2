import { describe, expect, test } from "vitest";

import { configure } from "../../src/config/configure.js";
import { parseDeployment, type DeploymentInput } from "../../src/config/deployment.js";
import { servers } from "../../src/config/servers.js";
import { upstreamsOf } from "../../src/config/upstreams.js";
import { library, textOf, write } from "./support.js";

const two = { upstream: ["127.0.0.2:9000", "127.0.0.3:9000"] };

describe("addresses of a deployment", () => {
  const addresses = (input: DeploymentInput): (readonly string[])[] => {
    const { listen, upstream } = parseDeployment(input);
    return [listen, upstream];
  };

  test("are one by default, and each is the other by default", () => {
    expect(addresses({})).toEqual([["127.0.0.1:9000"], ["127.0.0.1:9000"]]);
    expect(addresses({ listen: "unix:/run/a.sock" })).toEqual([["unix:/run/a.sock"], ["unix:/run/a.sock"]]);
    expect(addresses({ listen: ["a:1", "b:1"] })).toEqual([
      ["a:1", "b:1"],
      ["a:1", "b:1"],
    ]);
    expect(addresses(two)).toEqual([two.upstream, two.upstream]);
    expect(addresses({ ...two, listen: "0.0.0.0:9000" })).toEqual([["0.0.0.0:9000"], two.upstream]);
  });

  test.each<[DeploymentInput, string]>([
    [{ upstream: ["a:1", "A:01"] }, "listen or upstream: has A:01 twice"],
    [{ listen: ["/run/a.sock", "unix:/run/a.sock"] }, "listen or upstream: has unix:/run/a.sock twice"],
    [{ upstream: ["127.0.0.1:9000", "9000"] }, "listen or upstream: has 9000 twice"],
    [{ upstream: [] }, "upstream: must be an address or a list of addresses"],
    [{ listen: 9000 as never }, "listen: must be an address or a list of addresses"],
    [{ upstream: ["a:1", "b:1;"] }, "upstream.1: must be like"],
    [{ upstream: "::1:9000" }, "upstream: must be like"],
    [{ upstream: "a:0" }, "upstream: must be like"],
    [{ upstream: "a:65536" }, "upstream: must be like"],
    [{ upstream: "unix:relative" }, "upstream: must be like"],
    [{ upstream: "unix:/a|b" }, "upstream: must be like"],
    [{ upstream: "a" }, "upstream: must be like"],
    [{ upstream: "[1:2]:80" }, "upstream: must be like"],
    [{ upstream: "256.1.1.1:80" }, "upstream: must be like"],
    [{ upstream: "10.1:80" }, "upstream: must be like"],
    [{ upstream: "-a:80" }, "upstream: must be like"],
    [{ upstream: ["[::1]:80", "[0:0::0:01]:80"] }, "listen or upstream: has [0:0::0:01]:80 twice"],
    [{ affinity: "user" }, "affinity: needs several upstreams"],
    [{ statusPort: 9001 }, "statusPort: needs several upstreams"],
    [{ drain: ["127.0.0.1:9000"] }, "drain: needs several upstreams"],
    [{ ...two, affinity: "cookie:" }, 'affinity: must be "user" or like "cookie:session"'],
    [{ ...two, affinity: "cookie:a)b" }, "affinity: must be"],
    [{ ...two, affinity: "address" }, "affinity: must be"],
    [{ ...two, drain: ["127.0.0.4:9000"] }, "drain: 127.0.0.4:9000 is not an upstream"],
    [{ ...two, drain: two.upstream }, "drain: leaves no upstream"],
    [{ upstream: ["a:1", "unix:/a"], statusPort: 9001 }, "statusPort: a unix socket has no ports"],
  ])("%j are refused", (input, fact) => {
    expect(() => parseDeployment(input)).toThrow(
      expect.objectContaining({ code: "ERR_DEPLOYMENT" }) as Error,
    );
    expect(() => parseDeployment(input)).toThrow(fact);
  });

  test("have names that differ, of characters that HAProxy allows", () => {
    const named = (...upstream: string[]): string[] =>
      upstreamsOf(parseDeployment({ upstream })).map(({ name }) => name);
    expect(named("a.example:1", "10.0.0.2:1", "[fd00::2]:1")).toEqual(["a.example", "10.0.0.2", "fd00::2"]);
    expect(named("a:1", "a:2", "b:1")).toEqual(["a:1", "a:2", "b"]);
    const odd = named("/run/a/b.sock", "/run/a_b.sock", "/run/ä+@~=.sock");
    expect(new Set(odd).size).toBe(3);
    for (const name of odd) expect(name).toMatch(/^[A-Za-z0-9_.:-]+$/);
  });
});

describe("several upstreams", () => {
  test.each(Object.keys(servers).filter((name) => !["haproxy", "nginx"].includes(name)))(
    "are refused by %s, which reaches one of any address",
    (server) => {
      const deployment = { command: ["node", "main.js"], ...two };
      expect(() => configure(server, { deployment })).toThrow(
        expect.objectContaining({
          code: "ERR_DEPLOYMENT",
          message:
            server === "systemd"
              ? "Cannot write a unit with several addresses for systemd: leave out all --listen but one"
              : `Cannot balance between several upstreams with ${server}: only with haproxy, nginx; leave one --upstream`,
        }) as Error,
      );
      // Both start the application.
      if (server === "systemd" || server === "iis") return;
      const one = configure(server, { deployment: { ...deployment, upstream: "127.0.0.2:9123" } });
      expect(one.files.map(({ text }) => text).join("")).toMatch(/127\.0\.0\.2\D*9123/);
    },
  );

  test("of --listen are balanced too", () => {
    for (const server of ["nginx", "haproxy"]) {
      expect(textOf(server, { listen: two.upstream }, library)).toBe(textOf(server, two, library));
    }
  });

  test("change nothing in a configuration for one", () => {
    for (const server of ["nginx", "haproxy"]) {
      expect(textOf(server, { upstream: "127.0.0.1:9000" }, library)).toBe(textOf(server, {}, library));
      expect(textOf(server)).not.toMatch(/max_fails|next_upstream|least|retries|slowstart|stats socket/);
    }
  });

  test("get from nginx no request twice that may have had an effect", () => {
    const text = textOf("nginx", two);
    expect(text).toContain("fastcgi_next_upstream error timeout;");
    expect(text).not.toMatch(/^[^#\n]*non_idempotent/m);
    expect(text).toContain("random two least_conn;");
    expect(text).toContain("server 127.0.0.2:9000 max_fails=3 fail_timeout=10s;");
  });

  test("are not balanced by load if sessions have a host", () => {
    for (const affinity of ["user", "cookie:sid"]) {
      expect(textOf("nginx", { ...two, affinity })).toContain("hash $affinity_tricorn consistent;");
      expect(textOf("nginx", { ...two, affinity })).not.toContain("least_conn");
      expect(textOf("haproxy", { ...two, affinity })).toContain("hash-type consistent");
      expect(textOf("haproxy", { ...two, affinity })).not.toContain("leastconn");
    }
  });

  test("of which a name does not resolve do not keep HAProxy from starting", () => {
    const servers = textOf("haproxy", {
      upstream: ["a.example:1", "10.0.0.2:1", "[fd00::2]:1", "unix:/run/a.sock"],
    }).match(/^ *server .*$/gm);
    expect(servers?.map((line) => line.includes(" init-addr libc,none"))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("have no status for nginx, which says so", () => {
    expect(write("nginx", { ...two, statusPort: 9001 }).notes).toEqual([
      "nginx asks no host whether it is alive, so statusPort has no effect.",
    ]);
    expect(write("haproxy", { ...two, statusPort: 9001 }).notes).toEqual([]);
  });

  test("are never cut off by HAProxy when they are marked as down", () => {
    for (const more of [{}, { statusPort: 9001 }])
      expect(textOf("haproxy", { ...two, ...more })).not.toMatch(/on-marked-down|shutdown-sessions/);
  });

  test("give HAProxy a socket for commands in its own folder, only as a whole server", () => {
    const state = "/srv/run";
    expect(textOf("haproxy", { ...two, state })).toContain(
      "stats socket /srv/run/admin.sock mode 600 level admin",
    );
    expect(write("haproxy", { ...two, state }).folders).toEqual([state]);
    expect(textOf("haproxy", { ...two, part: "into", mount: "/app" })).not.toContain("stats socket");
  });
});
