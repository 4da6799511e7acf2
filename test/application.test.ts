import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pino } from "pino";
import { describe, expect, test, vi } from "vitest";

import { TricornApplication, createApplication, describeControllers } from "../src/application.js";
import { Authorizer, Filter, Responder } from "../src/decorators/role.js";
import { Get } from "../src/decorators/route.js";
import { Role } from "../src/protocol/constants.js";
import type { RoleDefinition } from "../src/roles/definitions.js";
import { Dispatcher } from "../src/roles/dispatcher.js";
import { allow } from "../src/roles/verdict.js";
import { applicationOf, ask, refusalOf } from "./decorators/support.js";

@Responder("/books")
class Books {
  @Get("/:id?")
  get() {
    return "x";
  }
}

@Authorizer("/members/**")
class Gate {
  authorize() {
    return allow();
  }
}

@Filter("*.txt")
class Upper {
  filter() {
    return "X";
  }
}

const logger: RoleDefinition = {
  kind: "role",
  number: 4,
  name: "Logger",
  inputs: { stdin: true, data: false },
  handle: (exchange) => exchange.end(),
};

describe("an application", () => {
  test("is created from a list of controllers, or from options", () => {
    expect(createApplication([Books])).toBeInstanceOf(TricornApplication);
    expect(createApplication({ controllers: [Books] })).toBeInstanceOf(TricornApplication);
  });

  test("is created from controllers and definitions in one list", () => {
    const { description } = createApplication([Books, logger]);
    expect(description.responders.map(({ name }) => name)).toEqual(["Books"]);
    expect(description.roles).toEqual([{ name: "Logger", number: 4 }]);
    expect(describeControllers([logger, Books])).toEqual(description);
    expect(() => createApplication([{} as never])).toThrow(
      expect.objectContaining({ code: "ERR_CONTROLLER" }),
    );
  });

  test("has the roles of its controllers and definitions, and always the authorizer role", () => {
    const dispatcher = new Dispatcher(applicationOf([Books, Upper], { definitions: [logger] }).roles);
    expect(dispatcher.inputs(Role.Responder)).toEqual({ stdin: true, data: false });
    expect(dispatcher.inputs(Role.Authorizer)).toEqual({ stdin: false, data: false });
    expect(dispatcher.inputs(Role.Filter)).toEqual({ stdin: true, data: true });
    expect(dispatcher.inputs(4)).toEqual({ stdin: true, data: false });
    expect(dispatcher.inputs(5)).toBeUndefined();
    expect(new Dispatcher(applicationOf([Gate]).roles).inputs(Role.Responder)).toBeUndefined();
  });

  test("describes what it answers", () => {
    expect(applicationOf([Books, Gate, Upper], { definitions: [logger] }).description).toEqual({
      responders: [{ name: "Books", routes: [{ method: "GET", path: "/books/:id?", streams: false }] }],
      authorizers: [{ name: "Gate", paths: ["/members/**"] }],
      filters: [{ name: "Upper", paths: ["*.txt"], type: undefined }],
      roles: [{ name: "Logger", number: 4 }],
    });
  });

  test("is described without being created", () => {
    @Responder()
    class Expensive {
      constructor() {
        throw new Error("constructed");
      }

      @Get("/costly")
      get() {
        return "x";
      }
    }
    expect(describeControllers([Expensive, Gate, Upper])).toMatchObject({
      responders: [{ name: "Expensive", routes: [{ method: "GET", path: "/costly", streams: false }] }],
      authorizers: [{ name: "Gate", paths: ["/members/**"] }],
      filters: [{ name: "Upper", paths: ["*.txt"] }],
    });
    expect(() => createApplication([Expensive])).toThrow(
      expect.objectContaining({ cause: expect.anything() }),
    );
    expect(refusalOf(() => describeControllers([Books, Books]))).toBe(
      refusalOf(() => createApplication([Books, Books])),
    );
  });

  test("describes the variables of authorizers that declare them", () => {
    @Authorizer({ paths: "/staff/**", variables: ["AUTH_USER", "AUTH_ROLE"] })
    class Declared {
      authorize() {
        return allow();
      }
    }
    @Authorizer({ variables: [] })
    class Nothing {
      authorize() {
        return allow();
      }
    }
    expect(applicationOf([Gate, Declared, Nothing]).description.authorizers).toStrictEqual([
      { name: "Gate", paths: ["/members/**"] },
      { name: "Declared", paths: ["/staff/**"], variables: ["AUTH_USER", "AUTH_ROLE"] },
      { name: "Nothing", paths: [], variables: [] },
    ]);
  });

  test("uses the given mount and time limits", async () => {
    const application = applicationOf([Books], { mount: "/app/", timeouts: { handler: 5, authorizer: 7 } });
    expect((await ask(application, "/app/books")).text).toBe("x");
    expect([
      new Dispatcher(application.roles).timeLimit(Role.Responder),
      new Dispatcher(application.roles).timeLimit(Role.Authorizer),
    ]).toEqual([5, 7]);
  });

  test("runs its middleware even if no route matches", async () => {
    const middleware = [
      async (_request: unknown, next: () => Promise<{ status: number }>) => String((await next()).status),
    ];
    const application = applicationOf([Books], { middleware: middleware as never });
    expect((await ask(application, "/books/1")).text).toBe("200");
  });

  test("refuses an unknown log level", () => {
    vi.stubEnv("TRICORN_LOG_LEVEL", "loud");
    expect(refusalOf(() => createApplication([Books]))).toContain(
      'ERR_LOG_LEVEL: Cannot create application: TRICORN_LOG_LEVEL is "loud"; use silent or one of ',
    );
    vi.stubEnv("TRICORN_LOG_LEVEL", "silent");
    expect(createApplication([Books]).log.level).toBe("silent");
    vi.stubEnv("TRICORN_LOG_LEVEL", undefined);
    expect(createApplication([Books]).log.level).toBe("info");
  });

  test("logs to the given logger", () => {
    const log = pino({ level: "silent" });
    expect(createApplication({ controllers: [Books], log }).log).toBe(log);
  });
});

test("the logger of an application writes to standard error, without credentials", async () => {
  const source = new URL("../src/application.ts", import.meta.url).href;
  const script = `
    const { createApplication } = await import(${JSON.stringify(source)});
    const { log } = createApplication([]);
    log.info({ headers: { authorization: "Basic s3cret", accept: "x" }, password: "s3cret" }, "logged");
  `;
  const loader = ["--import", "@oxc-node/core/register", "--input-type=module"];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...loader, "--eval", script], {
    env: { ...process.env, TRICORN_LOG_LEVEL: "info" },
  });
  expect(stdout).toBe("");
  expect(JSON.parse(stderr)).toMatchObject({ msg: "logged", headers: { accept: "x" } });
  expect(stderr).not.toContain("s3cret");
});
