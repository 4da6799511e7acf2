import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";

import {
  Get,
  Responder,
  createApplication,
  createContainer,
  inject,
  injectable,
  singleton,
  type ApplicationPart,
} from "tricorn";
import { testApplication, type Double } from "tricorn/testing";

import { startPages } from "./support.js";

describe("the log of an application under test", () => {
  test("writes nothing, and gives each answer its own lines", async () => {
    const written = vi.spyOn(process.stderr, "write");
    const application = await startPages();
    const [warned, broken, hello] = await Promise.all(
      ["/warned", "/broken", "/hello"].map((target) => application.respond(target)),
    );
    expect(warned!.logged).toEqual([
      {
        level: "warn",
        message: "a book is missing",
        fields: { role: "responder", requestId: 1, route: "GET /warned", shelf: 7 },
      },
    ]);
    expect(broken!.logged).toMatchObject([
      { level: "error", fields: { err: { message: "the store is closed" } } },
    ]);
    expect(hello!.logged).toEqual([]);
    expect(application.logged).toHaveLength(2);
    expect(written).not.toHaveBeenCalled();
  });

  test("explains an answer that breaks off", async () => {
    const application = await startPages();
    await expect(application.respond("/cut")).rejects.toThrow(
      /^Cannot [^\n]*\nerror Cannot complete request: GET \/cut failed\nError: the disk is gone\n {4}at /,
    );
  });

  test("is kept from warn on if TRICORN_LOG_LEVEL is silent", async () => {
    vi.stubEnv("TRICORN_LOG_LEVEL", "silent");
    const { logged } = await (await startPages()).respond("/warned");
    expect(logged).toHaveLength(1);
  });

  test("is not kept if it is shown", async () => {
    vi.stubEnv("TRICORN_LOG", "/dev/null");
    const { logged } = await (await startPages({ log: "shown" })).respond("/warned");
    expect(logged).toEqual([]);
  });
});

describe("doubles", () => {
  class Printer {}

  @singleton()
  class RealMailer {
    send(): string {
      return "sent";
    }
  }

  @singleton()
  class Notices {
    sent = 0;

    constructor(readonly mailer: RealMailer) {}

    notify(): string {
      this.sent += 1;
      return `${this.mailer.send()} ${this.sent}`;
    }
  }

  @Responder()
  class Orders {
    constructor(
      readonly notices: Notices,
      @inject("Clock") readonly clock: { now(): number },
    ) {}

    @Get("/")
    order() {
      return `${this.notices.notify()} at ${this.clock.now()}`;
    }
  }

  class FakeMailer {
    send(): string {
      return "faked";
    }
  }

  async function order(parts: readonly ApplicationPart[], doubles: readonly Double[]) {
    const container = createContainer();
    container.register("Clock", { useValue: { now: () => 1 } });
    const application = createApplication({ controllers: parts as [typeof Orders], container });
    const running = await testApplication(application, { doubles });
    onTestFinished(() => running.close());
    const original = await testApplication(application);
    onTestFinished(() => original.close());
    return [(await running.respond("/")).text, (await original.respond("/")).text];
  }

  test("replace a value for a token, and nothing in another application of the container", async () => {
    expect(await order([Orders], [["Clock", { now: () => 2 }]])).toEqual(["sent 1 at 2", "sent 1 at 1"]);
  });

  test("replace a class by a value or by a class, also inside a singleton", async () => {
    expect(await order([Orders], [[RealMailer, { send: () => "kept" }]])).toEqual([
      "kept 1 at 1",
      "sent 1 at 1",
    ]);
    expect(await order([Orders], [[RealMailer, FakeMailer]])).toEqual(["faked 1 at 1", "sent 1 at 1"]);
  });

  test("of a class live as long as the original: one for a singleton, one for each injection otherwise", async () => {
    let made = 0;
    class Counted {
      readonly number = (made += 1);
    }

    @injectable()
    class Slip {
      readonly number = 0;
    }

    @Responder()
    class Desk {
      constructor(
        readonly mailer: RealMailer,
        readonly same: RealMailer,
        readonly slip: Slip,
        readonly other: Slip,
      ) {}

      @Get("/")
      numbers() {
        return [this.mailer, this.same, this.slip, this.other].map(
          (one) => (one as unknown as Counted).number,
        );
      }
    }
    const numbers = async (token: Double[0]) => {
      made = 0;
      const running = await testApplication([Desk], { doubles: [[token, Counted]] });
      onTestFinished(() => running.close());
      return (await running.respond("/")).json<number[]>();
    };
    expect((await numbers(RealMailer)).slice(0, 2)).toEqual([1, 1]);
    expect((await numbers(Slip)).slice(2)).toEqual([1, 2]);
  });

  test("replace what the controllers of a list get, without a container", async () => {
    @Responder()
    class Alone {
      constructor(readonly mailer: RealMailer) {}

      @Get("/")
      send() {
        return this.mailer.send();
      }
    }
    const running = await testApplication([Alone], { doubles: new Map([[RealMailer, new FakeMailer()]]) });
    expect((await running.respond("/")).text).toBe("faked");
    await running.close();
    const original = await testApplication([Alone]);
    expect((await original.respond("/")).text).toBe("sent");
    await original.close();
  });

  test("are refused if nothing is injected with the token", async () => {
    await expect(order([Orders], [[Printer, new Printer()]])).rejects.toMatchObject({
      code: "ERR_TEST_DOUBLE",
      message:
        "Cannot test application: nothing is injected with Printer, so its double would have no effect",
    });
  });

  test("are not refused if a factory may resolve the token", async () => {
    const container = createContainer();
    container.register("Clock", { useFactory: (inside) => ({ now: () => inside.resolve<number>("Time") }) });
    container.register("Time", { useValue: 1 });
    const application = createApplication({ controllers: [Orders], container });
    const running = await testApplication(application, { doubles: [["Time", 5]] });
    expect((await running.respond("/")).text).toMatch(/ at 5$/);
    await running.close();
  });
});

describe("the JSON of an answer", () => {
  const Book = z.object({ title: z.string(), year: z.coerce.string() });

  test("has the type that the caller names", async () => {
    const answer = await (await startPages()).respond("/book");
    const { title } = answer.json<{ title: string }>();
    expect(title).toBe("Emma");
  });

  test("is checked with a schema, and has its output", async () => {
    const answer = await (await startPages()).respond("/book");
    const { year } = answer.json(Book);
    expect(year satisfies string).toBe("1815");
  });

  test("that does not fit a schema says where, and shows the answer", async () => {
    const answer = await (await startPages()).respond("/book");
    const wrong = () => answer.json(z.object({ title: z.string(), shelf: z.object({ row: z.number() }) }));
    expect(wrong).toThrow(TypeError);
    expect(wrong).toThrow(
      /^Cannot read answer: it does not fit the schema: shelf: Invalid input[^\n]*\n\n {2}responder GET \/book\n {2}200 OK\n/,
    );
  });

  test("cannot be checked with an asynchronous schema", async () => {
    const answer = await (await startPages()).respond("/book");
    expect(() => answer.json(z.object({ title: z.string().refine(async () => true) }))).toThrow(
      "Cannot check answer: the schema is asynchronous",
    );
  });
});
