import { beforeEach, describe, expect, test } from "vitest";

import { createContainer, inject, requestScoped, singleton } from "../../src/decorators/container.js";
import { LifecycleHooks, type OnStart, type OnStop } from "../../src/decorators/lifecycle.js";
import { Authorizer, Responder } from "../../src/decorators/role.js";
import { Get } from "../../src/decorators/route.js";
import { allow } from "../../src/roles/verdict.js";
import { applicationOf } from "./support.js";

const events: string[] = [];
beforeEach(() => {
  events.length = 0;
});

/** Something with both hooks that notes when they are called. */
class Noting implements OnStart, OnStop {
  constructor(private readonly name: string = new.target.name) {}

  async onStart(): Promise<void> {
    await Promise.resolve();
    events.push(`+${this.name}`);
  }

  onStop(): void {
    events.push(`-${this.name}`);
  }
}

/** The same with an empty constructor, so that it can be injected. */
class Unnamed extends Noting {
  constructor() {
    super(new.target.name);
  }
}

class Failing extends Noting {
  override async onStart(): Promise<void> {
    throw new Error("no data base");
  }

  override onStop(): void {
    super.onStop();
    throw new Error("cannot stop");
  }
}

describe("the hooks of an application", () => {
  @singleton()
  class Connection extends Unnamed {}

  class Transient extends Unnamed {}

  @singleton()
  class Store extends Noting {
    constructor(readonly connection: Connection) {
      super();
    }
  }

  @requestScoped()
  class PerRequest {
    constructor(readonly store: Store) {}
  }

  @Responder("/a")
  class Books extends Noting {
    constructor(
      readonly transient: Transient,
      readonly store: Store,
      @inject("value") readonly value: object,
    ) {
      super();
    }

    @Get("/")
    get() {
      return "x";
    }
  }

  @Authorizer()
  class Gate extends Noting {
    constructor(readonly connection: Connection) {
      super();
    }

    authorize() {
      return allow();
    }
  }

  const inside = () => createContainer().registerInstance("value", new Noting("Value"));

  test("run once per instance, dependencies first, and stop in reverse order", async () => {
    const application = applicationOf([Books, Gate], { container: inside() });
    expect(events).toEqual([]);
    await application.start();
    await application.start();
    expect(events.splice(0)).toEqual(["+Connection", "+Store", "+Transient", "+Value", "+Books", "+Gate"]);
    await application.stop();
    await application.stop();
    expect(events).toEqual(["-Gate", "-Books", "-Value", "-Transient", "-Store", "-Connection"]);
  });

  test("run for singletons that only request-scoped controllers need, before any request", async () => {
    @Responder("/b", { scope: "request" })
    class Page {
      constructor(readonly perRequest: PerRequest) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    await applicationOf([Page]).start();
    expect(events).toEqual(["+Connection", "+Store"]);
  });

  test("run again when it is restarted", async () => {
    const application = applicationOf([Gate]);
    await application.start();
    await application.stop();
    await application.start();
    expect(events).toEqual(["+Connection", "+Gate", "-Gate", "-Connection", "+Connection", "+Gate"]);
  });
});

describe("a hook that fails", () => {
  test("stops those that had started, and prevents the application from starting", async () => {
    const hooks = new LifecycleHooks([new Noting("a"), new Noting("b"), new Failing(), new Noting("c")]);
    await expect(hooks.start()).rejects.toMatchObject({
      code: "ERR_START",
      message: "Cannot start application: onStart of Failing failed",
      cause: { message: "no data base" },
    });
    expect(events).toEqual(["+a", "+b", "-b", "-a"]);
    await hooks.stop();
    expect(events).toEqual(["+a", "+b", "-b", "-a"]);
  });

  test("during stop does not prevent others from stopping", async () => {
    class CannotStop extends Failing {
      override async onStart(): Promise<void> {}
    }
    const hooks = new LifecycleHooks([
      new Noting("a"),
      new CannotStop("x"),
      new Noting("b"),
      new CannotStop("y"),
    ]);
    await hooks.start();
    events.length = 0;
    await expect(hooks.stop()).rejects.toMatchObject({
      code: "ERR_STOP",
      message: "Cannot stop application cleanly: onStop of CannotStop, CannotStop failed",
      cause: { errors: [{ message: "cannot stop" }, { message: "cannot stop" }] },
    });
    expect(events).toEqual(["-y", "-b", "-x", "-a"]);
  });

  test("during start is awaited by a stop", async () => {
    const hooks = new LifecycleHooks([new Noting("a")]);
    await Promise.all([hooks.start(), hooks.stop()]);
    expect(events).toEqual(["+a", "-a"]);
  });
});
