import {
  Authorizer,
  Body,
  Get,
  Post,
  Req,
  Responder,
  allow,
  createApplication,
  createContainer,
  deny,
  redirect,
  reply,
  type AuthorizerRequest,
  type ResponderRequest,
} from "tricorn";
import { testApplication, type TestApplication, type TestApplicationOptions } from "tricorn/testing";
import { onTestFinished } from "vitest";

@Responder()
class Pages {
  @Get("/hello")
  hello() {
    return reply("Hello", { headers: { "X-Kind": "greeting" } });
  }

  @Get("/book")
  book() {
    return { title: "Emma", year: 1815 };
  }

  @Get("/seen/*")
  seen(@Req() { params, path, mount, secure, headers }: ResponderRequest) {
    return {
      params: params.toObject(),
      addresses: params.getAll("REMOTE_ADDR"),
      path,
      mount,
      secure,
      tags: headers.get("x-tag"),
    };
  }

  @Get("/session")
  session() {
    return reply("in", {
      headers: { "Set-Cookie": "session=s3cret-session; HttpOnly", Password: "s3cret-field" },
    });
  }

  @Post("/echo")
  echo(@Body.text() text: string) {
    return text;
  }

  @Get("/broken")
  broken(): never {
    throw new Error("the store is closed");
  }

  @Get("/warned")
  warned(@Req() { log }: ResponderRequest) {
    log.warn({ shelf: 7 }, "a book is missing");
    return "ok";
  }

  @Get("/cut")
  async *cut() {
    yield "one";
    throw new Error("the disk is gone");
  }
}

@Authorizer("/members/**")
class Gate {
  authorize({ headers, path }: AuthorizerRequest) {
    if (path === "/members/moved") return redirect("/log-in");
    if (path === "/members/broken") throw new Error("the session store is closed");
    if (headers.get("authorization") !== "Bearer s3cret-token") return deny(401);
    return allow({ AUTH_USER: "Zoë" });
  }
}

/** Options of the test, and the mount that the application declares. */
interface PagesOptions extends TestApplicationOptions {
  readonly mount?: string;
}

/** An application with a responder and an authorizer, until the test ends. */
export async function startPages({ mount, ...options }: PagesOptions = {}): Promise<TestApplication> {
  const application = createApplication({
    controllers: [Pages, Gate],
    container: createContainer(),
    secrets: ["HTTP_X_KEY"],
    mount,
  });
  const running = await testApplication(application, options);
  onTestFinished(() => running.close());
  return running;
}

/** Credentials that the authorizer allows. */
export const member = { headers: { Authorization: "Bearer s3cret-token" } };
