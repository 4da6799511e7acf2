// Nothing here imports tsyringe before the last tests: an application whose classes have no dependencies does without.
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";

import { createApplication } from "../../src/application.js";
import { injectable, singleton } from "../../src/decorators/container.js";
import { Authorizer, Responder } from "../../src/decorators/role.js";
import { Get } from "../../src/decorators/route.js";
import { isTsyringeLoaded } from "../../src/decorators/tsyringe.js";
import { ConfigurationError } from "../../src/errors.js";
import { allow, deny } from "../../src/roles/verdict.js";
import type { AuthorizerRequest } from "../../src/roles/authorizer-request.js";
import { testApplication } from "../../src/testing/index.js";

const log = pino({ level: "silent" });

async function textOf(controllers: Parameters<typeof createApplication>[0]): Promise<string> {
  const running = await testApplication(createApplication(controllers));
  onTestFinished(() => running.close());
  return (await running.respond("/")).text;
}

const constructed: string[] = [];

@Responder()
class Hello {
  readonly greeting: string;

  constructor() {
    constructed.push("Hello");
    this.greeting = "Hello";
  }

  @Get("/")
  hello() {
    return this.greeting;
  }
}

describe("an application whose classes have no dependencies", () => {
  test("has one instance of each class, constructed at start-up in the order of the list", async () => {
    @Responder("/other")
    class Other extends Hello {
      constructor() {
        super();
        constructed.push("Other");
      }
    }
    constructed.length = 0;
    const application = createApplication({ controllers: [Other, Hello], log });
    expect(constructed).toEqual(["Hello", "Other", "Hello"]);
    const running = await testApplication(application);
    onTestFinished(() => running.close());
    for (const path of ["/", "/", "/other/"]) expect((await running.respond(path)).text).toBe("Hello");
    expect(constructed).toHaveLength(3);
    expect(isTsyringeLoaded()).toBe(false);
  });

  test("starts its instances in order and stops them in reverse", async () => {
    const events: string[] = [];
    @Responder()
    class First {
      onStart() {
        events.push("start First");
      }
      onStop() {
        events.push("stop First");
      }
      @Get("/")
      get() {
        return "x";
      }
    }
    @Authorizer()
    class Second {
      async onStart() {
        events.push("start Second");
      }
      onStop() {
        events.push("stop Second");
      }
      authorize({ headers }: AuthorizerRequest) {
        return headers.get("authorization") === "Bearer s3cret" ? allow() : deny(403);
      }
    }
    const running = await testApplication(createApplication({ controllers: [First, Second], log }));
    expect((await running.authorize("/")).status).toBe(403);
    expect((await running.authorize("/", { headers: { authorization: "Bearer s3cret" } })).status).toBe(200);
    await running.close();
    expect(events).toEqual(["start First", "start Second", "stop Second", "stop First"]);
    expect(isTsyringeLoaded()).toBe(false);
  });

  test("is refused if a constructor throws, with its error as the cause", () => {
    const cause = new TypeError("no database");
    @Responder()
    class Broken {
      constructor() {
        throw cause;
      }
      @Get("/")
      get() {
        return "x";
      }
    }
    const error = thrownBy(() => createApplication([Broken]));
    expect([error.code, error.message, error.cause]).toEqual([
      "ERR_DEPENDENCY_FAILED",
      "Cannot construct Broken: no database",
      cause,
    ]);
    expect(isTsyringeLoaded()).toBe(false);
  });
});

/** The ConfigurationError that a call throws. */
function thrownBy(call: () => unknown): ConfigurationError {
  try {
    call();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("dependencies are resolved by tsyringe although it is loaded for the first of them, if", () => {
  test("a base class has them", async () => {
    @singleton()
    class Store {
      readonly name = "store";
    }
    @injectable()
    class Based {
      constructor(readonly store: Store) {}
    }
    @Responder()
    class Derived extends Based {
      @Get("/")
      get() {
        return this.store.name;
      }
    }
    expect(await textOf([Derived])).toBe("store");
  });

  test("the program registers a double in tsyringe's global container, of which Tricorn is not told", async () => {
    const { container } = await import("tsyringe");
    container.registerInstance(
      Hello,
      Object.assign(Object.create(Hello.prototype) as Hello, { greeting: "double" }),
    );
    onTestFinished(() => container.reset());
    expect(await textOf([Hello])).toBe("double");
  });
});
