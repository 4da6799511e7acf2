import { join } from "node:path";

import { FastCgiClient } from "tricorn/client";
import { Role } from "tricorn/protocol";
import { ScriptedApplication, WirePeer, type TestApplication } from "tricorn/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { serveDefinitions, temporaryFolder } from "../support/served.js";
import { responder } from "../support/routes.js";
import { startPages } from "./support.js";

const get = (REQUEST_URI: string) => ({ REQUEST_METHOD: "GET", REQUEST_URI });

async function open(): Promise<{ readonly peer: WirePeer; readonly application: TestApplication }> {
  const application = await startPages();
  const peer = application.connect();
  onTestFinished(() => peer.close());
  return { peer, application };
}

describe("a peer as the Web server", () => {
  test("sends records and takes them one by one", async () => {
    const { peer } = await open();
    peer.begin(1, { keepConnection: false }).params(1, get("/hello")).stdin(1);
    const head = await peer.next("STDOUT");
    expect(head.id).toBe(1);
    expect(head.content.toString()).toMatch(/^Status: 200 OK\r\n(?:.+\r\n)+\r\nHello$/);
    expect((await peer.next("STDOUT")).content).toHaveLength(0);
    expect([...(await peer.next("END_REQUEST")).content]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    await peer.ended();
  });

  test("reads whole answers of multiplexed requests, in any order", async () => {
    const { peer } = await open();
    peer.begin(1).begin(2, { role: Role.Authorizer });
    peer.params(2, get("/elsewhere")).params(1, get("/hello")).stdin(1);
    const hello = await peer.answer(1);
    const denied = await peer.answer(2);
    expect(hello).toMatchObject({ stdout: expect.stringMatching(/Hello$/), stderr: "", protocolStatus: 0 });
    expect(denied.stdout).toMatch(/^Status: 403 /);
    expect(hello.records.map(({ type }) => type)).toEqual(["STDOUT", "STDOUT", "END_REQUEST"]);
  });

  test("asks for values, sends records of any type, and of a padded length", async () => {
    const { peer } = await open();
    peer.getValues("FCGI_MPXS_CONNS");
    expect((await peer.next("GET_VALUES_RESULT")).content.toString()).toContain("FCGI_MPXS_CONNS1");
    peer.record(42, { content: "?" });
    expect([...(await peer.next("UNKNOWN_TYPE")).content].slice(0, 1)).toEqual([42]);
    const filter = peer.begin(3, { role: 3 });
    filter.params(3, get("/a.txt")).stdin(3).data(3, "x".repeat(70_000)).abort(3);
    expect((await peer.answer(3)).protocolStatus).toBe(3);
  });

  test("says which record came instead, and after which", async () => {
    const { peer } = await open();
    peer.begin(1).params(1, get("/hello")).stdin(1);
    await peer.next();
    await expect(peer.next("END_REQUEST")).rejects.toThrow(
      /^Expected END_REQUEST, but STDOUT of request 1 came with 0 bytes, after STDOUT$/,
    );
  });

  test("says that the connection ended instead", async () => {
    const { peer, application } = await open();
    peer.send(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    await expect(peer.next("END_REQUEST")).rejects.toThrow(/^(?:Expected|Cannot read record)/);
    expect(application.logged).toMatchObject([{ level: "warn", message: "Closed a connection" }]);
  });

  test("connects to an address", async () => {
    const { address } = await serveDefinitions([responder({ "GET /": () => "over a socket" })]);
    const peer = await WirePeer.connect(address);
    onTestFinished(() => peer.close());
    expect((await peer.begin(7).params(7, get("/")).stdin(7).answer(7)).stdout).toMatch(/over a socket$/);
    peer.finish();
    await peer.ended();
  });
});

describe("a scripted application", () => {
  test("plays an application before a client, on a free port or a unix socket", async () => {
    for (const address of [undefined, join(temporaryFolder(), "app.sock")]) {
      const application = await ScriptedApplication.listen(address);
      const client = new FastCgiClient({ address: application.address, multiplex: false });
      const asked = client.request({ params: get("/x"), stdin: "body" });
      const peer = await application.accept();
      expect([...(await peer.next("BEGIN_REQUEST")).content].slice(0, 3)).toEqual([0, 1, 1]);
      expect((await peer.next("PARAMS")).content.toString()).toContain("REQUEST_URI/x");
      await peer.next("PARAMS");
      expect((await peer.next("STDIN")).content.toString()).toBe("body");
      const { id } = await peer.next("STDIN");
      peer
        .stdout(id, "Status: 201 Created\r\n\r\nmade")
        .stderr(id, "a warning")
        .end(id, { applicationStatus: 9 });
      const response = await asked;
      expect([response.status, await response.text(), await response.stderr]).toEqual([
        201,
        "made",
        "a warning",
      ]);
      expect(await response.ended).toEqual({ applicationStatus: 9, protocolStatus: 0 });
      expect(application.connections).toBe(1);
      await client.close();
      await application.close();
    }
  });

  test("refuses a descriptor as its address", async () => {
    await expect(ScriptedApplication.listen("fd:0")).rejects.toThrow(TypeError);
    await expect(WirePeer.connect("fd:0")).rejects.toThrow(TypeError);
  });
});
