// One of several hosts: an application that says which one it is, and writes down each request before it answers or holds it.
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Authorizer,
  Get,
  Path,
  Post,
  Put,
  Req,
  Responder,
  allow,
  createApplication,
  deny,
  serve,
  type AuthorizerRequest,
  type ResponderRequest,
} from "tricorn";

const { HOST_NAME = "", HOST_FOLDER = "" } = process.env;

/** Adds a line to what the hosts have received. */
function note(text: string): void {
  appendFileSync(join(HOST_FOLDER, "received"), `${HOST_NAME} ${text}\n`);
}

@Responder()
class Host {
  @Get("/name")
  name() {
    return HOST_NAME;
  }

  @Post("/orders/:order")
  order(@Path("order") order: string) {
    note(`POST ${order}`);
    return HOST_NAME;
  }

  /** Is never answered by the first host that gets it. */
  @Get("/held/:order")
  @Post("/held/:order")
  @Put("/held/:order")
  async held(@Req() { method, signal }: ResponderRequest, @Path("order") order: string) {
    note(`${method} ${order}`);
    const first = join(HOST_FOLDER, `held-${order}`);
    if (existsSync(first)) return HOST_NAME;
    writeFileSync(first, "");
    process.stdout.write(`holds ${order}\n`);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return "";
  }
}

@Authorizer("/members/**")
class Gate {
  authorize({ query }: AuthorizerRequest) {
    return query.get("mode") === "allow" ? allow() : deny(403);
  }
}

await serve(createApplication([Host, Gate]), process.argv[2]);
