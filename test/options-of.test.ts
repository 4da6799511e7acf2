import { expect, test } from "vitest";

import type { ApplicationOptions } from "../src/application.js";
import { refuseUnknownOptions } from "../src/options-of.js";
import type { HandlerTimeouts } from "../src/roles/dispatcher.js";
import { defaultHeadLimits, type HeadLimits } from "../src/roles/head.js";
import type { ServeOptions } from "../src/serve.js";
import { defaultServerLimits, defaultServerTimeouts } from "../src/server/options.js";

/** The compiler asks for each option here, so that one that is added is not refused. */
type Every<T> = { [K in keyof Required<T>]: unknown };

test("every option that serve and createApplication have is known", () => {
  const timeouts: Every<HandlerTimeouts> = { handler: 1, authorizer: 1 };
  const limits: Every<HeadLimits> = defaultHeadLimits;
  const ofApplication: Every<ApplicationOptions> = {
    controllers: [],
    definitions: [],
    middleware: [],
    log: 1,
    stderr: 1,
    container: 1,
    mount: 1,
    timeouts,
    limits,
    secrets: [],
  };
  const ofServe: Every<ServeOptions> = {
    signals: true,
    bridges: {},
    vouchesFor: [],
    log: 1,
    allowedPeers: [],
    socketAccess: {},
    timeouts: defaultServerTimeouts,
    limits: defaultServerLimits,
  };
  expect(() => refuseUnknownOptions("createApplication", ofApplication)).not.toThrow();
  expect(() => refuseUnknownOptions("serve", ofServe)).not.toThrow();
});

test.each([
  ["serve", { mount: "/app" }, "write createApplication({ mount })"],
  ["serve", { limits: { headBytes: 1 } }, "write createApplication({ limits: { headBytes } })"],
  ["createApplication", { bridges: {} }, "write serve(application, address, { bridges })"],
  [
    "createApplication",
    { timeouts: { idle: 1 } },
    "write serve(application, address, { timeouts: { idle } })",
  ],
  ["createApplication", { handler: 1 }, "write createApplication({ timeouts: { handler } })"],
  ["serve", { vouchFor: [] }, "vouchesFor is meant, perhaps"],
  ["serve", { onListening: 1 }, "it has signals, bridges, vouchesFor, log, "],
] as const)("%s refuses %j and says what to write", (taker, options, cure) => {
  expect(() => refuseUnknownOptions(taker, options)).toThrow(cure);
});
