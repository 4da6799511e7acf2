// No target that a client writes reaches what an authorizer denies: behind each Web server as
// `tricorn config` configures it, with files and with routers that read paths differently.
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import {
  allow,
  createApplication,
  createContainer,
  deny,
  serve,
  type Definition,
  type ResponderDefinition,
  type ResponderRequest,
  type ServeOptions,
} from "tricorn";
import { fetchHandler, nodeListener } from "tricorn/adapters";
import { routesOf } from "tricorn/gateway";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { capturedLog } from "../support/served.js";
import { folderForTests } from "../support/web-servers/folder-for-tests.js";
import { GatewayServer } from "../support/web-servers/gateway-server.js";
import { configurationFor, generated } from "../support/web-servers/generated.js";
import { hostileTargets } from "../support/web-servers/hostile-targets.js";
import { freeAddress } from "../support/web-servers/scene.js";
import type { ServerName } from "../support/web-servers/set-up.js";
import { WebServer, type RunningServer } from "../support/web-servers/web-server.js";

const CANARY = "CANARY";
/** Protected paths, as a normal client writes them. */
const protectedPaths = ["/keys/x", "/first/admin/x", "/stra%C3%9Fe/x", "/files/secret.txt"];
const globs = ["/keys/**", "/first/admin*", "/first/admin*/**", "/straße/**", "/files/**"];

/** The header that says which router answers, and the one at which the authorizer allows. */
const ROUTER = "x-router";
const PASS = "x-pass";

/** The routers of four frameworks, each of which has the protected paths as routes. */
async function routers(): Promise<Readonly<Record<string, ResponderDefinition>>> {
  const plain = fastify({ routerOptions: { caseSensitive: false, ignoreTrailingSlash: true } });
  const semicolons = fastify({
    useSemicolonDelimiter: true,
    routerOptions: { ignoreDuplicateSlashes: true },
  });
  const expressApp = express();
  const hono = new Hono();
  for (const path of protectedPaths.map(decodeURI)) {
    plain.get(path, () => CANARY);
    semicolons.get(path, () => CANARY);
    expressApp.get(path, (_request, response) => void response.send(CANARY));
    hono.get(path, (context) => context.text(CANARY));
  }
  await Promise.all([plain.ready(), semicolons.ready()]);
  return {
    fastify: nodeListener((request, response) => plain.server.emit("request", request, response)),
    semicolons: nodeListener((request, response) => semicolons.server.emit("request", request, response)),
    express: nodeListener(expressApp),
    hono: fetchHandler(hono.fetch),
  };
}

/** An authorizer, and whichever router a request names. */
function definitionsOf(byName: Readonly<Record<string, ResponderDefinition>>): readonly Definition[] {
  const gate: Definition = {
    kind: "authorizer",
    name: "Gate",
    paths: globs,
    authorize: ({ headers }) => (headers.get(PASS) === "yes" ? allow() : deny()),
  };
  const [one] = Object.values(byName);
  const routes = one!.routes.map(({ method, path, name }, index) => ({
    method,
    path,
    name,
    handle: (request: ResponderRequest) =>
      byName[request.headers.get(ROUTER) ?? ""]!.routes[index]!.handle(request),
  }));
  return [gate, { kind: "responder", name: "Routers", routes }];
}

/** Asks over a new connection, since no HTTP client sends such targets; returns everything received. */
function ask(port: number, target: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (piece) => pieces.push(piece));
    socket.on("close", () => resolve(Buffer.concat(pieces).toString("latin1")));
    // A server that refuses a target may close before it has read all of it.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${lines.join("")}\r\n`);
  });
}

const servers: readonly ServerName[] = [
  "nginx",
  "apache",
  "lighttpd",
  "caddy",
  "haproxy",
  "h2o",
  "jetty",
  "gateway",
];

describe.each(servers)("behind %s", (name) => {
  const folder = folderForTests();
  let names: readonly string[];
  let server: RunningServer;
  let close: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const root = join(folder(), "public");
    mkdirSync(join(root, "files"), { recursive: true });
    writeFileSync(join(root, "files/secret.txt"), CANARY);
    const address = await freeAddress("tcp", folder());
    const byName = await routers();
    names = Object.keys(byName);
    const application = createApplication({
      controllers: [],
      definitions: definitionsOf(byName),
      container: createContainer(),
      log: capturedLog().log,
    });
    const { description } = application;
    const start = async (): Promise<ServeOptions> => {
      if (name === "gateway") {
        server = await GatewayServer.start({ application: address, root, routes: routesOf(description) });
        return {};
      }
      const options = { server: name, address, description, root };
      server = await WebServer.start(generated(options));
      const { mount: _, ...needs } = configurationFor(options, { port: 1, folder: "/nowhere" }).needs;
      return needs;
    };
    const needs = await start();
    const served = await serve(application, address, { signals: false, timeouts: { shutdown: 0 }, ...needs });
    close = () => served.close();
  });
  afterAll(async () => {
    await server?.stop();
    await close?.();
  });

  const port = (): number => Number(new URL(server.url).port);

  test("an allowed client reaches protected paths, by each router", async () => {
    for (const router of names) {
      const answer = await ask(port(), protectedPaths[0]!, { [ROUTER]: router, [PASS]: "yes" });
      expect([router, answer.includes(CANARY)]).toEqual([router, true]);
    }
  });

  test("no target reaches it without the authorizer", async () => {
    const targets = hostileTargets(protectedPaths);
    const tries = targets.flatMap((target) => names.map((router) => ({ target, router })));
    const reached: string[] = [];
    let answered = 0;
    const work = async (): Promise<void> => {
      for (let one = tries.pop(); one !== undefined; one = tries.pop()) {
        const answer = await ask(port(), one.target, { [ROUTER]: one.router });
        if (answer !== "") answered += 1;
        if (answer.includes(CANARY)) reached.push(`${one.router} ${one.target}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(reached).toEqual([]);
    expect(answered).toBeGreaterThan(targets.length);
  }, 240_000);
});
