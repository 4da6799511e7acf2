import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Gateway, routesOf } from "tricorn/gateway";
import { afterAll, beforeAll, test, expect } from "vitest";

import { contentRoot, controllers as library } from "../../../examples/library/application.js";
import { Contract } from "./contract.js";
import { writeFilteredFiles } from "./filtered-files.js";
import { GatePost } from "./gate-post.js";
import { Behind, CANARY, Gate } from "./gate.js";
import { commandOf } from "./program.js";
import { describeSetUp, folderForTests, freeAddress, sceneOf, testStart, type Scene } from "./scene.js";
import { serveApplication, type ServedApplication } from "./served-application.js";
import type { AuthorizerSetUp, ResponderSetUp, SetUp } from "./set-up.js";
import { Shout } from "./shout.js";
import { STAGE_SOCKET, Stage } from "./stage.js";
import { testAuthorizer } from "./test-authorizer.js";
import { testFilter } from "./test-filter.js";
import { testLibrary } from "./test-library.js";
import { testResponder } from "./test-responder.js";
import { WebServer } from "./web-server.js";

/** Puts the contract behind a Web server and tries all of it. */
export function describeResponder(setUp: ResponderSetUp): void {
  const { over = "tcp", mount = "", connections, differences } = setUp;
  const controllers = [Contract];
  describeSetUp(setUp, "responder", () => {
    const folder = folderForTests();
    let application: ServedApplication;
    let server: WebServer;

    beforeAll(async () => {
      const address = await freeAddress(over, folder());
      const scene = sceneOf(setUp, { address, controllers });
      application = await serveApplication({ address, controllers, ...scene.options });
      server = await WebServer.start(scene.kind);
    });
    afterAll(async () => {
      await server?.stop();
      await application?.close();
    });

    testStart(setUp, () => server);
    testResponder(() => ({ server, stage: application.stage, mount }), differences);

    if (connections === undefined) return;
    test(`the FastCGI connections are ${connections}`, async () => {
      const before = application.connections;
      for (let round = 0; round < 20; round++) await (await fetch(`${server.url}${mount}/hello`)).text();
      const opened = application.connections - before;
      if (connections === "closed") expect(opened).toBe(20);
      // A server may give up some that have waited since the tests before.
      else expect(opened).toBeLessThanOrEqual(3);
    });
  });
}

/** Lets a Web server start the contract, and tries all of it. */
export function describeSpawnedResponder(setUp: ResponderSetUp): void {
  const { mount = "", differences } = setUp;
  describeSetUp(setUp, "responder", () => {
    const folder = folderForTests();
    const stage = new Stage();
    let server: WebServer;

    beforeAll(async () => {
      await stage.open(join(folder(), "stage.sock"));
      const sceneWith = (env: Readonly<Record<string, string>>): Scene => {
        const deployment = { ...setUp.deployment, ...commandOf("contract", env) };
        // Where it is spawned on is the Web server's matter.
        const address = join(folder(), "app.sock");
        return sceneOf({ ...setUp, deployment }, { address, controllers: [Contract] });
      };
      const env = { [STAGE_SOCKET]: join(folder(), "stage.sock") };
      const { mount: told } = sceneWith(env).options;
      server = await WebServer.start(
        sceneWith({ ...env, ...(told !== undefined && { CONTRACT_MOUNT: told }) }).kind,
      );
    });
    afterAll(async () => {
      await server?.stop();
      stage.close();
    });

    testStart(setUp, () => server);
    testResponder(() => ({ server, stage, mount }), differences);
  });
}

const credentials = { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };

/** Puts the gate behind a Web server and tries to get past it. */
export function describeAuthorizer(setUp: AuthorizerSetUp): void {
  const { over = "tcp", mount = "", inProcess = false, needsPassword = false, differences } = setUp;
  // What the server does not serve itself cannot be protected by it.
  const canaries = inProcess ? ["/members/vault"] : ["/members/canary.html", "/members/vault"];
  const controllers = [Gate, Behind];
  describeSetUp(setUp, "authorizer", () => {
    const folder = folderForTests();
    let post: GatePost;
    let server: WebServer;

    beforeAll(async () => {
      const root = join(folder(), "root");
      mkdirSync(join(root, "members"), { recursive: true });
      writeFileSync(join(root, "members/canary.html"), CANARY);
      const address = await freeAddress(over, folder());
      const scene = sceneOf(setUp, { address, controllers, root });
      post = await GatePost.open(address, scene.options);
      server = await WebServer.start(scene.kind);
    });
    afterAll(async () => {
      await server?.stop();
      await post?.vacate();
    });

    testStart(setUp, () => server);
    testAuthorizer(
      () => ({ server, post, mount, canaries, ...(needsPassword && { headers: credentials }) }),
      differences,
    );
  });
}

/** Puts a filter behind a Web server, and the gateway beside it, which speaks the filter role. */
export function describeFilter(setUp: SetUp): void {
  const { over = "tcp", mount = "" } = setUp;
  const controllers = [Gate, Behind, Shout];
  describeSetUp(setUp, "filter", () => {
    const folder = folderForTests();
    let application: ServedApplication;
    let gateway: Gateway;
    let native: string;
    let server: WebServer;

    beforeAll(async () => {
      const root = join(folder(), "root");
      writeFilteredFiles(root, folder());
      const address = await freeAddress(over, folder());
      const scene = sceneOf(setUp, { address, controllers, root });
      application = await serveApplication({ address, controllers, ...scene.options });
      const routes = routesOf(application.application.description, { mount });
      gateway = new Gateway({ application: address, root, routes, mount, port: 0 });
      native = (await gateway.listen()).url;
      server = await WebServer.start(scene.kind);
    });
    afterAll(async () => {
      await server?.stop();
      await gateway?.close();
      await application?.close();
    });

    testStart(setUp, () => server);
    testFilter(() => ({ server, native, mount }));
  });
}

/** Puts the library of examples/ behind a Web server: responders, an authorizer and filters at once. */
export function describeLibrary(setUp: SetUp): void {
  const { over = "tcp", mount = "" } = setUp;
  describeSetUp(setUp, "library", () => {
    const folder = folderForTests();
    let application: ServedApplication;
    let server: WebServer;

    beforeAll(async () => {
      const address = await freeAddress(over, folder());
      const root = fileURLToPath(contentRoot);
      const scene = sceneOf(setUp, { address, controllers: library, root });
      application = await serveApplication({ address, controllers: library, ...scene.options });
      server = await WebServer.start(scene.kind);
    });
    afterAll(async () => {
      await server?.stop();
      await application?.close();
    });

    testStart(setUp, () => server);
    testLibrary(() => ({ server, mount }));
  });
}
