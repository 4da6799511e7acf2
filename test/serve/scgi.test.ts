// The same file behind a Web server that speaks SCGI.
import {
  Authorizer,
  Filter,
  allow,
  createApplication,
  createContainer,
  serve,
  type ControllerClass,
} from "tricorn";
import { FastCgiClient } from "tricorn/client";
import { Gateway } from "tricorn/gateway";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { NodeProcess } from "../support/node-process.js";
import { askScgi, scgiRequest } from "../support/scgi-peer.js";
import { temporaryFolder } from "../support/served.js";
import { logged, shop, socketPath } from "./support.js";

async function expectHelloByScgi(address: string): Promise<void> {
  expect(await askScgi(address, scgiRequest("/hello"))).toMatchObject({ status: 200, text: "hello " });
}

describe("serve on scgi:", () => {
  test.each(["TCP", "a unix socket"])("answers SCGI over %s, and says so", async (over) => {
    const address = over === "TCP" ? "scgi:127.0.0.1:0" : `scgi:unix:${socketPath()}`;
    const process = new NodeProcess(shop(address));
    const bound = await process.address();
    expect(bound).toMatch(/^scgi:/);
    expect(logged(process)).toEqual([`Listening on ${bound} for SCGI`]);
    await expectHelloByScgi(bound);
    process.kill("SIGTERM");
    expect(await process.ended).toBe(0);
  });

  test("answers SCGI on an address of TRICORN_LISTEN, beside FastCGI on another one", async () => {
    const listen = `127.0.0.1:0,scgi:${socketPath()}`;
    const process = new NodeProcess(shop(), { env: { TRICORN_LISTEN: listen } });
    const [, bound] = await process.line(/Listening on (scgi:\S+) for SCGI/);
    expect(logged(process)).toContainEqual(
      expect.stringMatching(/^Listening on 127\.0\.0\.1:\d+ for FastCGI$/),
    );
    await expectHelloByScgi(bound!);
  });

  test("answers SCGI on descriptor 0 if TRICORN_LISTEN says so, as lighttpd and spawn-fcgi start it", async () => {
    const path = socketPath();
    const env = { TRICORN_LISTEN: "scgi:fd:0" };
    const process = new NodeProcess(["spawn-fcgi", "-n", "-s", path, "--", ...shop()], { env });
    expect(await process.address()).toBe("scgi:fd:0");
    await expectHelloByScgi(`scgi:unix:${path}`);
  });

  test("answers SCGI on a socket of systemd, by its name", async () => {
    const path = socketPath();
    const starter = [
      "systemd-socket-activate",
      "-l",
      path,
      "--fdname=web",
      "-E",
      "TRICORN_LISTEN=scgi:systemd:web",
    ];
    const process = new NodeProcess([starter[0]!, ...starter.slice(1), ...shop()]);
    await process.line(/Listening on /);
    await expectHelloByScgi(`scgi:unix:${path}`);
    expect(logged(process)).toContain("Listening on scgi:fd:3 for SCGI");
  });
});

describe("An application without responders", () => {
  @Authorizer()
  class Gate {
    authorize() {
      return allow({ AUTH_USER: "ada" });
    }
  }

  @Filter("*.txt")
  class Plain {
    filter() {
      return "filtered";
    }
  }

  async function serveScgi(parts: readonly ControllerClass[], options: object = {}): Promise<string> {
    vi.stubEnv("TRICORN_LOG_LEVEL", "silent");
    const application = createApplication({ controllers: [...parts], container: createContainer() });
    const served = await serve(application, ["127.0.0.1:0", "scgi:127.0.0.1:0"], {
      signals: false,
      ...options,
    });
    onTestFinished(() => served.close());
    return served.address.split(", ")[1]!;
  }

  test("is refused on scgi: if nothing leads its requests to another role", async () => {
    await expect(serveScgi([Plain])).rejects.toMatchObject({
      code: "ERR_SCGI_ROLE",
      message:
        "Cannot listen on scgi:127.0.0.1:0: SCGI carries only responder requests, and the application answers none; set bridges.filter",
    });
  });

  test("answers the questions of auth_request with its authorizers", async () => {
    const address = await serveScgi([Gate]);
    const answer = await askScgi(address, scgiRequest("/", { params: { TRICORN_BRIDGE: "auth_request" } }));
    expect(answer.status).toBe(200);
    expect(answer.head).toContain("Variable-AUTH_USER: ada");
  });

  test("is not refused if it has a folder for its filters", async () => {
    const address = await serveScgi([Plain], { bridges: { filter: { root: temporaryFolder() } } });
    expect((await askScgi(address, scgiRequest("/missing.txt"))).status).toBe(404);
  });
});

test("The client and the gateway refuse an address for SCGI, which they do not speak", () => {
  const refused = expect.objectContaining({
    code: "ERR_ADDRESS",
    message: "Cannot connect to scgi:127.0.0.1:9000: the client speaks FastCGI only",
  }) as Error;
  expect(() => new FastCgiClient({ address: "scgi:9000" })).toThrow(refused);
  expect(
    () =>
      new Gateway({
        application: "scgi:9000",
        root: "/nonexistent",
        routes: { respond: [], protect: [], filter: [] },
      }),
  ).toThrow(refused);
});
