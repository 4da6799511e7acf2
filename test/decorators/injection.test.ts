import { describe, expect, test } from "vitest";

import {
  container,
  createContainer,
  delay,
  inject,
  injectAll,
  injectable,
  requestScoped,
  singleton,
  type Container,
  type Disposable,
} from "../../src/decorators/container.js";
import { Authorizer, Filter, Responder } from "../../src/decorators/role.js";
import { Get } from "../../src/decorators/route.js";
import { AuthorizerRequest } from "../../src/roles/authorizer-request.js";
import { FilterRequest } from "../../src/roles/filter-request.js";
import { RoleRequest } from "../../src/roles/request.js";
import { ResponderRequest } from "../../src/roles/responder-request.js";
import { allow, deny } from "../../src/roles/verdict.js";
import { applicationOf, ask, authorize, filter, refusalOf } from "./support.js";

type Controllers = Parameters<typeof applicationOf>[0];
type Options = NonNullable<Parameters<typeof applicationOf>[1]>;

function refusal(controllers: Controllers, options?: Options): string {
  return refusalOf(() => applicationOf(controllers, options));
}

describe("a controller", () => {
  test("is injected by the types of its constructor, by tokens, lists and values", async () => {
    class Clock {
      readonly year = 1815;
    }
    @singleton()
    class Store {
      constructor(readonly clock: Clock) {}
    }
    @Responder()
    class Books {
      constructor(
        private readonly store: Store,
        @inject("name") private readonly name: string,
        @injectAll("plugin") private readonly plugins: string[],
        @inject("absent", { isOptional: true }) private readonly absent?: string,
      ) {}

      @Get("/")
      get() {
        return [this.store.clock.year, this.name, this.plugins, this.absent ?? null];
      }
    }
    const inside = createContainer();
    inside.register("name", { useValue: "books" });
    for (const useValue of ["a", "b"]) inside.register("plugin", { useValue });
    expect((await ask(applicationOf([Books], { container: inside }), "/")).json()).toEqual([
      1815,
      "books",
      ["a", "b"],
      null,
    ]);
  });

  test("is created once, at start-up", async () => {
    let made = 0;
    @Responder()
    class Counted {
      constructor() {
        made += 1;
      }

      @Get("/")
      get() {
        return made;
      }
    }
    const application = applicationOf([Counted]);
    expect(made).toBe(1);
    await ask(application, "/");
    expect((await ask(application, "/")).text).toBe("1");
  });

  test("has the singletons of the global container, unless its application has a container", () => {
    @singleton()
    class Shared {}
    const held: Shared[] = [];
    @Responder()
    class Holder {
      constructor(shared: Shared) {
        held.push(shared);
      }

      @Get("/")
      get() {
        return "x";
      }
    }
    applicationOf([Holder], { container: undefined });
    applicationOf([Holder], { container: undefined });
    const own = createContainer();
    applicationOf([Holder], { container: own });
    expect(held[0]).toBe(container.resolve(Shared));
    expect(held[1]).toBe(held[0]);
    expect(held[2]).not.toBe(held[0]);
    expect(own.resolve(Shared)).toBe(held[2]);
  });

  test("gets the doubles of its container also through singletons, and leaves none behind", async () => {
    @injectable()
    class Clock {
      now() {
        return "real";
      }
    }
    @singleton()
    class Log {
      constructor(readonly clock: Clock) {}
    }
    @Responder()
    class Books {
      constructor(private readonly log: Log) {}

      @Get("/")
      get() {
        return this.log.clock.now();
      }
    }
    const doubles = createContainer();
    doubles.registerInstance(Clock, { now: () => "double" });
    expect((await ask(applicationOf([Books], { container: doubles }), "/")).text).toBe("double");
    expect((await ask(applicationOf([Books], { container: undefined }), "/")).text).toBe("real");
  });
});

describe("a dependency is refused", () => {
  test("if the compiler emitted no metadata for the constructor", () => {
    class Undecorated {
      constructor(readonly other: object) {}
    }
    @Responder()
    class Books {
      constructor(readonly undecorated: Undecorated) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    expect(refusal([Books])).toContain(
      "ERR_DEPENDENCY_TYPE: Cannot construct Undecorated: its constructor has 1 parameter and no type metadata; " +
        "decorate the class with @injectable()",
    );
  });

  test("if esbuild compiled it: a gap beside @inject, which tsyringe would fill with undefined", () => {
    class Holes {
      constructor(
        readonly store: object,
        readonly name: string,
      ) {}

      get() {
        return "x";
      }
    }
    // The output of esbuild: the decorators ran, design:paramtypes is absent.
    inject("name")(Holes, undefined, 1);
    Get("/")(Holes.prototype, "get", Object.getOwnPropertyDescriptor(Holes.prototype, "get")!);
    Responder()(Holes);
    const inside = createContainer();
    inside.register("name", { useValue: "books" });
    expect(refusal([Holes], { container: inside })).toContain(
      "ERR_DEPENDENCY_TYPE: Cannot construct Holes: parameter 0 of its constructor has no type metadata",
    );
  });

  test("if its type is not a class: an interface, a primitive, a type-only import", () => {
    interface Shape {
      readonly sides: number;
    }
    @injectable()
    class Deep {
      constructor(readonly shape: Shape) {}
    }
    @Responder()
    class Books {
      constructor(readonly deep: Deep) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    expect(refusal([Books])).toContain(
      "Cannot construct Deep: parameter 0 of its constructor has the type Object, which is not a class",
    );
    @Responder()
    class Named {
      constructor(readonly name: string) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    expect(refusal([Named])).toContain(
      "Cannot construct Named: parameter 0 of its constructor has the type String",
    );
  });

  test("if a base class has the constructor, without metadata", () => {
    class Base {
      constructor(readonly store: object) {}
    }
    @Responder()
    class Derived extends Base {
      @Get("/")
      get() {
        return "x";
      }
    }
    expect(refusal([Derived])).toContain(
      "ERR_DEPENDENCY_TYPE: Cannot construct Derived: its constructor has 1 parameter",
    );
  });

  test("if its token is not registered", () => {
    @Responder()
    class Books {
      constructor(@inject("nothing") readonly nothing: string) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    expect(refusal([Books])).toBe(
      'ERR_DEPENDENCY_UNREGISTERED: Cannot construct Books: nothing is registered for "nothing", which Books depends ' +
        "on; register it in the container before creating the application",
    );
  });

  test("if it depends on itself, but not through delay()", () => {
    @injectable()
    class Egg {
      constructor(@inject("hen") readonly hen: object) {}
    }
    @injectable()
    class Hen {
      constructor(readonly egg: Egg) {}
    }
    @Responder()
    class Farm {
      constructor(readonly hen: Hen) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    const inside = createContainer();
    inside.register("hen", { useClass: Hen });
    expect(refusal([Farm], { container: inside })).toContain(
      "ERR_DEPENDENCY_CYCLE: Cannot construct Hen: it depends on itself, Hen -> Egg -> Hen",
    );
    @singleton()
    class Late {
      constructor(@inject(delay(() => Early)) readonly early: object) {}
    }
    @singleton()
    class Early {
      constructor(readonly late: Late) {}
    }
    @Responder()
    class Delayed {
      constructor(readonly early: Early) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    expect(refusal([Delayed])).toBe("nothing was refused");
  });

  test("if its constructor throws", () => {
    @Responder()
    class Broken {
      constructor() {
        throw new Error("no data base");
      }

      @Get("/")
      get() {
        return "x";
      }
    }
    expect(refusal([Broken])).toBe("ERR_DEPENDENCY_FAILED: Cannot construct Broken: no data base");
  });
});

describe("a request-scoped dependency", () => {
  @requestScoped()
  class CurrentUser {
    readonly name: string;

    constructor(request: RoleRequest) {
      this.name = request.params.get("AUTH_USER") ?? "nobody";
    }
  }

  @injectable()
  class Greeting {
    constructor(readonly user: CurrentUser) {}
  }

  @singleton()
  class Directory {
    readonly id = Math.random();
  }

  @Responder("/me", { scope: "request" })
  class Me {
    constructor(
      private readonly user: CurrentUser,
      private readonly greeting: Greeting,
      private readonly directory: Directory,
      private readonly request: ResponderRequest,
    ) {}

    @Get("/")
    get() {
      const { user, greeting, directory, request } = this;
      return { name: user.name, same: greeting.user === user, directory: directory.id, path: request.path };
    }
  }

  const as = (AUTH_USER: string) => ({ params: { AUTH_USER } });

  test("is injected in a controller of that scope, one instance per request, invisible to other requests", async () => {
    const application = applicationOf([Me]);
    const [ada, bob] = (
      await Promise.all([ask(application, "/me", as("ada")), ask(application, "/me", as("bob"))])
    ).map((answer) => answer.json<{ name: string; same: boolean; directory: number; path: string }>());
    expect(ada).toMatchObject({ name: "ada", same: true, path: "/me" });
    expect(bob).toMatchObject({ name: "bob", same: true, path: "/me" });
    expect(bob!.directory).toBe(ada!.directory);
  });

  test("is not kept by a container that was created before its class was declared", async () => {
    const inside = createContainer();
    @requestScoped()
    class Late {
      readonly name: string;

      constructor(request: ResponderRequest) {
        this.name = request.params.get("AUTH_USER") ?? "nobody";
      }
    }
    @Responder("/", { scope: "request" })
    class Page {
      constructor(private readonly late: Late) {}

      @Get("/")
      get() {
        return this.late.name;
      }
    }
    const application = applicationOf([Page], { container: inside });
    expect((await ask(application, "/", as("ada"))).text).toBe("ada");
    expect((await ask(application, "/", as("bob"))).text).toBe("bob");
  });

  test("is not kept by a singleton that a factory resolves for the first time within a request", async () => {
    @singleton()
    class Lazy {
      constructor(@inject("who") readonly who: string) {}
    }
    @Responder("/", { scope: "request" })
    class Page {
      constructor(@inject("lazy") private readonly lazy: Lazy) {}

      @Get("/")
      get() {
        return this.lazy.who;
      }
    }
    const inside = createContainer();
    const whereTo = (at: Container): string => {
      try {
        return at.resolve(ResponderRequest).path;
      } catch {
        return "outside of a request";
      }
    };
    inside.register("who", { useFactory: whereTo });
    inside.register("lazy", { useFactory: (at) => at.resolve(Lazy) });
    const application = applicationOf([Page], { container: inside });
    expect((await ask(application, "/?first")).text).toBe("outside of a request");
    expect((await ask(application, "/?second")).text).toBe("outside of a request");
  });

  test("is refused inside a singleton controller, at any depth", () => {
    @Responder()
    class Page {
      constructor(readonly greeting: Greeting) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    expect(refusal([Page])).toBe(
      "ERR_DEPENDENCY_SCOPE: Cannot construct Page: CurrentUser belongs to one request, but Page -> Greeting -> " +
        'CurrentUser would keep it for all requests; give the controller { scope: "request" } and use no singleton ' +
        "in between, or pass the value as an argument",
    );
  });

  test("is refused inside a singleton service of a controller of that scope", () => {
    @singleton()
    class Audit {
      constructor(readonly request: ResponderRequest) {}
    }
    @Responder("/", { scope: "request" })
    class Page {
      constructor(readonly audit: Audit) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    expect(refusal([Page])).toContain("Page -> Audit -> ResponderRequest would keep it for all requests");
  });

  test("is refused if another role's request is injected", () => {
    @Authorizer({ scope: "request" })
    class Gate {
      constructor(readonly request: ResponderRequest) {}

      authorize() {
        return allow();
      }
    }
    expect(refusal([Gate])).toContain(
      "ERR_DEPENDENCY_ROLE: Cannot construct Gate: its requests have the class AuthorizerRequest, but Gate -> " +
        "ResponderRequest asks for another",
    );
  });

  test("is refused if a factory resolves it at start-up", () => {
    @Responder()
    class Page {
      constructor(@inject("path") readonly path: string) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    const inside = createContainer();
    inside.register("path", { useFactory: (at) => at.resolve(ResponderRequest).path });
    expect(refusal([Page], { container: inside })).toContain(
      "Cannot resolve ResponderRequest: it exists only within a request",
    );
  });

  test("must not have lifecycle hooks", () => {
    @injectable()
    class Hooked {
      onStart(): void {}
    }
    @Responder("/", { scope: "request" })
    class Page {
      constructor(readonly hooked: Hooked) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    expect(refusal([Page])).toContain(
      "ERR_DEPENDENCY_HOOK: Cannot construct Page -> Hooked: Hooked is constructed for each request, so its onStart would",
    );
  });

  test("is available to authorizers and filters as well", async () => {
    @Authorizer({ scope: "request" })
    class Gate {
      constructor(
        private readonly user: CurrentUser,
        private readonly own: AuthorizerRequest,
      ) {}

      authorize(request: AuthorizerRequest) {
        return this.user.name === "ada" && this.own === request ? allow() : deny();
      }
    }
    @Filter("*.txt", { scope: "request" })
    class Personal {
      constructor(
        private readonly user: CurrentUser,
        private readonly own: FilterRequest,
      ) {}

      filter(request: FilterRequest) {
        return `${this.user.name} ${this.own === request}`;
      }
    }
    const application = applicationOf([Gate, Personal]);
    expect((await authorize(application, "/", as("ada"))).allowed).toBe(true);
    expect((await authorize(application, "/", as("bob"))).allowed).toBe(false);
    expect((await filter(application, "/a.txt", { data: "x", ...as("ada") })).text).toBe("ada true");
  });

  test("is shared by all authorizers that decide about the request", async () => {
    const seen: CurrentUser[] = [];
    @Authorizer({ scope: "request" })
    class First {
      constructor(private readonly user: CurrentUser) {}

      authorize() {
        seen.push(this.user);
        return allow();
      }
    }
    @Authorizer({ scope: "request" })
    class Second extends First {}
    expect((await authorize(applicationOf([First, Second]), "/")).allowed).toBe(true);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
  });

  test("denies if an authorizer cannot be constructed", async () => {
    @Authorizer({ scope: "request" })
    class Broken {
      constructor() {
        throw new Error("no data base");
      }

      authorize() {
        return allow();
      }
    }
    expect((await authorize(applicationOf([Broken]), "/")).status).toBe(500);
  });
});

describe("a disposable service of a request", () => {
  const events: string[] = [];

  @requestScoped()
  class Transaction implements Disposable {
    dispose(): void {
      events.push("disposed");
    }
  }

  @singleton()
  class Pool implements Disposable {
    dispose(): void {
      events.push("pool disposed");
    }
  }

  @Responder("/", { scope: "request" })
  class Page {
    constructor(
      readonly transaction: Transaction,
      readonly pool: Pool,
    ) {}

    @Get("/text")
    text() {
      events.push("handled");
      return "x";
    }

    @Get("/stream")
    async *stream() {
      yield "a";
      await Promise.resolve();
      events.push("streamed");
      yield "b";
    }

    @Get("/fail")
    fail() {
      throw new Error("failed");
    }
  }

  test("is disposed of when the answer has ended, after its last piece, also after a failure", async () => {
    const application = applicationOf([Page]);
    await ask(application, "/text");
    expect(events.splice(0)).toEqual(["handled", "disposed"]);
    await ask(application, "/stream");
    expect(events.splice(0)).toEqual(["streamed", "disposed"]);
    expect((await ask(application, "/fail")).status).toBe(500);
    expect(events.splice(0)).toEqual(["disposed"]);
  });

  test("that fails does not prevent others from being disposed of", async () => {
    @requestScoped()
    class Fails implements Disposable {
      dispose(): void {
        throw new Error("cannot dispose");
      }
    }
    @Responder("/", { scope: "request" })
    class Both {
      constructor(
        readonly fails: Fails,
        readonly transaction: Transaction,
      ) {}

      @Get("/")
      get() {
        return "x";
      }
    }
    expect((await ask(applicationOf([Both]), "/")).text).toBe("x");
    expect(events.splice(0)).toEqual(["disposed"]);
  });
});
