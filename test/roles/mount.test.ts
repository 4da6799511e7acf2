import pino from "pino";
import { describe, expect, test } from "vitest";

import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

const pages = responder({ "GET /*": ({ mount, path }) => `${mount} ${path}`, "GET /": ({ mount }) => mount });

describe("a declared mount", () => {
  test.each([
    ["/app", "/app/x", "/app /x"],
    ["/app/", "/app/x", "/app /x"],
    ["/", "/app/x", " /app/x"],
    ["//app/./x/..", "/app/x", "/app /x"],
    ["/a b/ä", "/a%20b/%c3%a4/x", "/a%20b/%C3%A4 /x"],
    ["/a%20b", "/a%20b/x", "/a%20b /x"],
    ["/100%25", "/100%25/x", "/100%25 /x"],
    ["/app", "/%61pp/x", "/app /x"],
  ])("%s has %s as %j", async (mount, target, text) => {
    const { connect } = await serveDefinitions([pages], { dispatcher: { mount } });
    const peer = await connect();
    expect((await peer.send(get(1, target)).answer(1)).text).toBe(text);
  });

  test.each(["/", "/apple", "/other/app/x", "/app/../x", "/app%2Fx"])(
    "has nothing at %s: 404",
    async (target) => {
      const { connect } = await serveDefinitions([pages], { dispatcher: { mount: "/app" } });
      const peer = await connect();
      // For any variables of the Web server.
      const params = { SCRIPT_NAME: "/other/app", PATH_INFO: "/x" };
      expect((await peer.send(get(1, target, { params })).answer(1)).status).toBe(404);
    },
  );

  test.each([
    "app",
    "app/",
    "/app?x",
    "/app#x",
    "/..",
    "/app/../..",
    "/%zz",
    "/%00",
    "http://host/app",
    " /app",
  ])("cannot be %j", (mount) => {
    const create = (): Dispatcher =>
      new Dispatcher(new Roles([pages], { log: pino({ level: "silent" }), mount }));
    expect(create).toThrow(expect.objectContaining({ code: "ERR_MOUNT" }));
  });
});

test.each(["/..", "/a/%2e%2e/..", "/a%2F../b", "/%zz", "/%E4", "/%00", "/a#b", "*", "host:443"])(
  "a path with several readings is a 400: %s",
  async (target) => {
    const { connect } = await serveDefinitions([pages]);
    const peer = await connect();
    expect((await peer.send(get(1, target)).answer(1)).status).toBe(400);
  },
);
