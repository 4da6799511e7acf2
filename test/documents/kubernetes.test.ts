import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

import { parseDeployment } from "../../src/config/deployment.js";
import { servers } from "../../src/config/servers.js";
import { NodeProcess, commandOf } from "../support/node-process.js";
import { temporaryFolder } from "../support/served.js";
import { programPath } from "../support/web-servers/background-process.js";
import { freePort } from "../support/web-servers/free-port.js";
import { blockNamed, blocksOf } from "./blocks.js";

const document = "docs/kubernetes.md";

/** What the manifests have of a container. */
interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe: { readonly exec: { readonly command: readonly string[] } };
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

/** What they have of a Deployment. */
interface Deployment {
  readonly kind: "Deployment";
  readonly spec: {
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: { readonly runAsUser: number; readonly runAsNonRoot: boolean };
        readonly containers: readonly Container[];
        readonly volumes: readonly { readonly name: string; readonly emptyDir: object }[];
      };
    };
  };
}

/** And of a Service. */
interface Service {
  readonly kind: "Service";
  readonly spec: { readonly selector: object; readonly ports: readonly { readonly targetPort: string }[] };
}

/** The objects of a block, which must be YAML 1.2 without a warning. */
function objectsIn(firstLine: string): readonly unknown[] {
  return parseAllDocuments(blockNamed(document, firstLine).text, { strict: true }).map((one) => {
    expect([...one.errors, ...one.warnings]).toEqual([]);
    return one.toJS() as unknown;
  });
}

const [deployment, service] = objectsIn("# hats.yaml") as [Deployment, Service];
const pod = deployment.spec.template.spec;
const [application, nginx] = pod.containers as [Container, Container];

/** The value of an option in a container's arguments. */
function option({ args = [] }: Pick<Container, "args">, name: string): number {
  return Number(args[args.indexOf(`--${name}`) + 1]);
}

describe("the manifests of docs/kubernetes.md", () => {
  test("are YAML, and their parts belong together", () => {
    const blocks = blocksOf(document).filter(({ language }) => language === "yaml");
    for (const { text } of blocks) expect(objectsIn(text.split("\n", 1)[0]!).length).toBeGreaterThan(0);
    expect(pod.containers.map(({ name }) => name)).toEqual(["application", "nginx"]);
    expect(deployment.spec.selector.matchLabels).toEqual(deployment.spec.template.metadata.labels);
    expect(service.spec.selector).toEqual(deployment.spec.template.metadata.labels);
    expect(nginx.ports?.map(({ name }) => name)).toEqual(service.spec.ports.map((port) => port.targetPort));
  });

  test("run without root, on a file system that is read-only but for the sockets", () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    for (const { securityContext, volumeMounts } of pod.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(volumeMounts).toEqual([{ name: pod.volumes[0]!.name, mountPath: "/run/hats" }]);
    }
    expect(pod.volumes[0]!.emptyDir).toMatchObject({ medium: "Memory" });
  });

  test("leave time for the drain and the requests after it, and memory for one worker more", () => {
    const drain = option(application, "drain");
    // 30 s for requests, 10 s for stop hooks and 10 s for the rest, as in the generated unit of systemd.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + 50);
    const [sleep, seconds] = nginx.lifecycle!.preStop.exec.command;
    expect(sleep).toBe("sleep");
    expect(Number(seconds)).toBeLessThan(drain);
    const workers = option(application, "workers") + 1;
    const needed = workers * option(application, "recycle-memory") + 100;
    expect(Number.parseInt(application.resources.limits.memory, 10)).toBeGreaterThanOrEqual(needed);
  });
});

test("the commands of docs/kubernetes.md serve through nginx, answer the probe, and drain at SIGTERM", async () => {
  // The mode of an emptyDir in memory.
  const run = temporaryFolder();
  chmodSync(run, 0o1777);
  const images = temporaryFolder();
  chmodSync(images, 0o777);
  const port = await freePort();
  const [, tricorn = ""] = commandOf("src/cli/main.ts");
  const [node, program = ""] = commandOf("test/supervisor/apps/operated.ts");
  const user = String(pod.securityContext.runAsUser);
  const asUser = ["--reuid", user, "--regid", user, "--clear-groups", "--"];
  const start = (words: readonly string[]): NodeProcess => {
    const here = words.map((word) =>
      word
        .replaceAll("/run/hats", run)
        .replaceAll("/etc/hats", join(images, "nginx"))
        .replace(/^dist\/main\.js$/, program)
        .replace(/^8080$/, String(port)),
    );
    const whole =
      here[0] === "node_modules/.bin/tricorn" || here[0] === "npx"
        ? [node, tricorn, ...here.slice(here[0] === "npx" ? 2 : 1)]
        : here;
    const env = Object.fromEntries(
      application.env!.map(({ name, value }) => [name, value.replaceAll("/run/hats", run)]),
    );
    const command = (process.getuid!() === 0 ? ["setpriv", ...asUser, ...whole] : whole) as [
      string,
      ...string[],
    ];
    return new NodeProcess(command, {
      cwd: images,
      env: { ...env, PATH: `${process.env["PATH"]}:/usr/sbin` },
    });
  };
  const probe = async (): Promise<string> => {
    const probed = start(application.readinessProbe.exec.command);
    return `${await probed.ended} ${probed.output.join("")}`;
  };

  mkdirSync(join(images, "nginx"));
  chmodSync(join(images, "nginx"), 0o777);
  const { text } = blockNamed(document, "# the configuration of nginx, for its image");
  const configuring = start(
    text
      .replace(/^#.*\n/, "")
      .replaceAll("\\\n", "")
      .split(/\s+/),
  );
  expect(await configuring.ended, configuring.errors.join("\n")).toBe(0);
  const master = start([...application.command, ...application.args!]);
  await master.line(/"msg":"Supervising /);
  const web = start(nginx.command);
  const get = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
  await expect.poll(() => get().catch(() => "")).toMatch(/^pid \d+$/);
  expect(await probe()).toBe("0 pong");

  master.kill("SIGTERM");
  await master.line(/"msg":"Draining"/);
  expect(await probe()).toBe("1 draining");
  expect(await get()).toMatch(/^pid \d+$/);
  web.kill("SIGQUIT");
  expect(await web.ended).toBe(0);
  master.kill("SIGTERM");
  expect(await master.ended).toBe(0);
});

test("HAProxy accepts what docs/kubernetes.md puts in place of its servers", () => {
  const folder = temporaryFolder();
  const deployment = { name: "hats", state: folder, upstream: ["a:9000", "b:9000"], statusPort: 9001 };
  const description = { responders: [], authorizers: [], filters: [] };
  const generated = servers["haproxy"]!({ deployment: parseDeployment(deployment), description }).files[0]!
    .text;
  const { text } = blocksOf(document).find(({ language }) => language === "haproxy")!;
  const [template = "", resolvers = ""] = text.split("\n\n");
  const lines = generated.split("\n").filter((line) => !line.startsWith("  server b "));
  const changed = lines.map((line) => (line.startsWith("  server a ") ? template : line));
  expect(changed).not.toEqual(lines);
  // The same check as of other hosts.
  const check = (one: string): string => /proto fcgi check.* slowstart \w+/.exec(one)![0];
  expect(check(template)).toBe(check(generated));
  writeFileSync(join(folder, "haproxy.cfg"), `${changed.join("\n")}\n${resolvers}\n`);
  execFileSync(programPath("haproxy"), ["-c", "-f", "haproxy.cfg"], { cwd: folder, stdio: "pipe" });
});
