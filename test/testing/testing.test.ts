import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";

import {
  Authorizer,
  Body,
  Cookie,
  Filter,
  Get,
  Post,
  Put,
  Req,
  Responder,
  Variable,
  allow,
  challenge,
  createApplication,
  createContainer,
  reply,
  singleton,
  type AuthorizerRequest,
  type FilterRequest,
  type OnStart,
  type OnStop,
  type Part,
  type Reply,
  type ResponderRequest,
} from "tricorn";
import { testApplication, type TestApplication } from "tricorn/testing";

const life: string[] = [];

@singleton()
class Desk implements OnStart, OnStop {
  onStart() {
    life.push("start");
  }

  onStop() {
    life.push("stop");
  }
}

const Book = z.object({ title: z.string(), tags: z.union([z.string(), z.array(z.string())]).optional() });

@Responder()
class Books {
  constructor(readonly desk: Desk) {}

  @Get("/seen")
  seen(@Req() { params }: ResponderRequest) {
    const names = [
      "REQUEST_METHOD",
      "REQUEST_URI",
      "QUERY_STRING",
      "HTTP_X_READER",
      "CONTENT_TYPE",
      "SERVER_NAME",
    ];
    return Object.fromEntries(names.map((name) => [name, params.get(name) ?? null]));
  }

  @Post("/books", { status: 201 })
  @Put("/books")
  add(@Body(Book) book: z.infer<typeof Book>) {
    return book;
  }

  @Post("/bytes")
  bytes(@Body.bytes() bytes: Buffer, @Variable("CONTENT_TYPE") type: string | undefined) {
    return `${type} ${bytes.toString("hex")}`;
  }

  @Post("/cover")
  async cover(@Body.multipart() parts: AsyncIterable<Part>) {
    const seen: string[] = [];
    for await (const part of parts) {
      seen.push(`${part.name} ${part.filename ?? "-"} ${part.type} ${(await part.bytes()).length}`);
    }
    return seen;
  }

  @Get("/session")
  session(@Cookie("session") session: string | undefined) {
    return reply(session, {
      headers: { "Set-Cookie": ["session=n%C3%A9w; Path=/; HttpOnly", "theme=dark"] },
    });
  }

  @Get("/status")
  status() {
    return reply("odd", { status: 418, applicationStatus: 7 });
  }

  @Get("/broken")
  broken(): never {
    throw new Error("on purpose");
  }

  @Get("/slow")
  slow(@Req() { signal }: ResponderRequest) {
    return new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        life.push("aborted");
        reject(signal.reason as Error);
      });
    });
  }
}

@Authorizer("/members/**")
class Gate {
  authorize({ headers, params }: AuthorizerRequest) {
    if (headers.get("authorization") !== "Basic s3cret") return challenge("Basic", { realm: "é" });
    return allow({ NAME: "Zoë", SCRIPT: params.get("SCRIPT_NAME") ?? "none" });
  }
}

@Filter("*.txt", { type: "text/plain" })
class Loud {
  async *filter({ data, dataLength, lastModified }: FilterRequest) {
    yield `${dataLength} ${lastModified?.toISOString()} `;
    for await (const chunk of data) yield Buffer.from(chunk).toString().toUpperCase();
  }
}

async function start(): Promise<TestApplication> {
  vi.stubEnv("TRICORN_LOG_LEVEL", "silent");
  life.length = 0;
  const controllers = [Books, Gate, Loud];
  const application = await testApplication(createApplication({ controllers, container: createContainer() }));
  onTestFinished(() => application.close());
  return application;
}

describe("testApplication", () => {
  test("accepts controllers, starts what they inject, and stops it", async () => {
    life.length = 0;
    const application = await testApplication([Books]);
    expect(life).toEqual(["start"]);
    expect((await application.respond("/status")).status).toBe(418);
    await application.close();
    expect(life).toEqual(["start", "stop"]);
  });

  test("refuses what serve would refuse", async () => {
    await expect(testApplication([class {}])).rejects.toMatchObject({ name: "ConfigurationError" });
  });
});

describe("respond", () => {
  test("sends a GET with the variables of a Web server", async () => {
    const application = await start();
    const answer = await application.respond("/seen?page=2", { headers: { "X-Reader": "ada" } });
    expect(answer.json()).toEqual({
      REQUEST_METHOD: "GET",
      REQUEST_URI: "/seen?page=2",
      QUERY_STRING: "page=2",
      HTTP_X_READER: "ada",
      CONTENT_TYPE: null,
      SERVER_NAME: "localhost",
    });
  });

  test("accepts params for what another Web server would send", async () => {
    const answer = await (await start()).respond("/seen", { params: { SERVER_NAME: "library.example" } });
    expect(answer.json()).toMatchObject({ SERVER_NAME: "library.example" });
  });

  test("sends an object as JSON, by POST by default", async () => {
    const application = await start();
    const body = { title: "Emma" };
    const added = await application.respond("/books", { body });
    expect([added.status, added.json()]).toEqual([201, body]);
    expect((await application.respond("/books", { body, method: "PUT" })).status).toBe(200);
    expect((await application.respond("/books", { body: { title: 7 } })).status).toBe(400);
  });

  test("sends URLSearchParams as a urlencoded form", async () => {
    const body = new URLSearchParams([
      ["title", "Émile & co"],
      ["tags", "a"],
      ["tags", "b"],
    ]);
    const answer = await (await start()).respond("/books", { body });
    expect(answer.json()).toEqual({ title: "Émile & co", tags: ["a", "b"] });
  });

  test("sends FormData as a multipart form", async () => {
    const body = new FormData();
    body.set("title", "Emma");
    body.set("cover", new Blob([new Uint8Array(70_000)], { type: "image/png" }), "emma.png");
    const answer = await (await start()).respond("/cover", { body });
    expect(answer.json()).toEqual(["title - text/plain 4", "cover emma.png image/png 70000"]);
  });

  test("sends text and bytes unchanged, with a media type that a header can replace", async () => {
    const application = await start();
    const sent = async (body: string | Uint8Array, headers?: Record<string, string>) =>
      (await application.respond("/bytes", { body, headers })).text;
    expect(await sent("é")).toBe("text/plain; charset=utf-8 c3a9");
    expect(await sent(Uint8Array.of(0, 255))).toBe("application/octet-stream 00ff");
    expect(await sent("x", { "Content-Type": "text/csv" })).toBe("text/csv 78");
  });

  test("sends cookies, and reads those that are set", async () => {
    const answer = await (
      await start()
    ).respond("/session", { cookies: { session: "é; 1", theme: "light" } });
    expect(answer.text).toBe("é; 1");
    expect(answer.cookies).toEqual({ session: "néw", theme: "dark" });
  });

  test("returns the application status, and the output on FCGI_STDERR", async () => {
    const application = await start();
    expect(await application.respond("/status")).toMatchObject({ applicationStatus: 7, stderr: "" });
    const broken = await application.respond("/broken");
    expect([broken.status, broken.stderr]).toEqual([500, expect.stringContaining("Error: on purpose")]);
  });

  test("rejects with the reason of a signal, which the handler receives", async () => {
    const application = await start();
    const controller = new AbortController();
    const asked = application.respond("/slow", { signal: controller.signal });
    // The second request is answered after the first one's begin: both use the same connection.
    await application.respond("/status");
    controller.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    await vi.waitFor(() => expect(life).toContain("aborted"));
  });
});

describe("authorize", () => {
  test("reports that a request may pass, and the variables", async () => {
    const application = await start();
    const answer = await application.authorize("/members/a", { headers: { Authorization: "Basic s3cret" } });
    // Section 6.3: an authorizer gets no SCRIPT_NAME.
    expect([answer.allowed, answer.variables]).toEqual([true, { NAME: "Zoë", SCRIPT: "none" }]);
  });

  test("reports that it may not", async () => {
    const answer = await (await start()).authorize("/members/a");
    expect([answer.allowed, answer.status, answer.variables]).toEqual([false, 401, {}]);
    expect((await (await start()).authorize("/elsewhere")).allowed).toBe(false);
  });
});

describe("filter", () => {
  test("sends a file, its length and its time", async () => {
    const application = await start();
    const answer = await application.filter("/a.txt", { data: "zoë" });
    expect(answer.text).toBe("4 2020-01-01T00:00:00.000Z ZOË");
    const lastModified = new Date("1996-04-29T12:00:00Z");
    const bytes = await application.filter("/a.txt", { data: Buffer.from("x"), lastModified });
    expect(bytes.text).toBe("1 1996-04-29T12:00:00.000Z X");
  });

  test("rejects if the answer is aborted", async () => {
    const application = await start();
    const short = application.filter("/a.txt", { data: "four", params: { FCGI_DATA_LENGTH: "5" } });
    await expect(short).rejects.toMatchObject({ name: "ClientError" });
  });
});

test("an answer that is not JSON shows its status and its text, truncated", async () => {
  const page = (): Reply => reply("Bad <gateway>".padEnd(400, "."), { status: 502, type: "text/plain" });
  const definition = {
    kind: "responder",
    name: "Page",
    routes: [{ method: "GET", path: "/", name: "Page.page", handle: page }],
  } as const;
  const application = await testApplication(
    createApplication({ controllers: [], definitions: [definition], container: createContainer() }),
  );
  const answer = await application.respond("/");
  expect(() => answer.json()).toThrow(
    /^Cannot read answer as JSON: it is 502 with text\/plain[^ ]* and the body "Bad <gateway>\.{187}…"$/,
  );
  await application.close();
});

describe("a request of a test", () => {
  @Responder()
  class Echo {
    @Get("/x")
    show() {
      return "x";
    }
  }

  test.each([
    [
      "respond",
      (echo: TestApplication) => echo.respond("x"),
      "ERR_TEST_TARGET",
      '"x" does not start with "/"; write "/x"',
    ],
    ["authorize", (echo: TestApplication) => echo.authorize(""), "ERR_TEST_TARGET", 'write "/"'],
    [
      "filter",
      (echo: TestApplication) => echo.filter("a.txt", { data: "" }),
      "ERR_TEST_TARGET",
      'write "/a.txt"',
    ],
    [
      "respond with what it does not have",
      (echo: TestApplication) => echo.respond("/x", Object({ header: {} })),
      "ERR_OPTION",
      "did you mean headers?",
    ],
  ] as const)("is refused by %s with its place", async (_name, send, code, fact) => {
    const echo = await testApplication([Echo]);
    const error = expect.objectContaining({
      code,
      message: expect.stringContaining(fact),
      place: expect.stringContaining("testing.test.ts"),
    });
    await expect(send(echo)).rejects.toEqual(error);
    await echo.close();
  });

  test("a misspelt option of testApplication is refused", async () => {
    await expect(testApplication([Echo], Object({ vouchFor: [] }))).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: expect.stringContaining("did you mean vouchesFor?"),
    });
  });
});
