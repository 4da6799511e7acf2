// A project of TypeScript with decorators and injection. The tests compile it with tsc and run the output.
import {
  Authorizer,
  Filter,
  Get,
  Path,
  Responder,
  allow,
  createApplication,
  deny,
  inject,
  lines,
  singleton,
  type AuthorizerRequest,
  type FilterRequest,
  type OnStart,
} from "tricorn";
import { FastCgiClient, type ClientRequest } from "tricorn/client";
import { Gateway, routesOf, type GatewayRoutes } from "tricorn/gateway";
import { RecordType, encodeRecord, type Exchange, type RecordFields } from "tricorn/protocol";
import { testApplication, type TestAnswer } from "tricorn/testing";
import { z } from "zod";

@singleton()
class Shelf implements OnStart {
  readonly #books = new Map<number, string>();

  onStart(): void {
    this.#books.set(1, "Emma");
  }

  find(id: number): string | undefined {
    return this.#books.get(id);
  }
}

@Responder("/books")
class Books {
  constructor(
    private readonly shelf: Shelf,
    @inject(Shelf) private readonly same: Shelf,
  ) {}

  @Get("/:id")
  show(@Path("id", z.coerce.number()) id: number) {
    return { title: this.shelf.find(id), same: this.shelf === this.same };
  }
}

@Authorizer("/private/**")
class Gate {
  authorize({ headers }: AuthorizerRequest) {
    return headers.get("authorization") === undefined ? deny(401) : allow({ USER: "ada" });
  }
}

@Filter("*.txt")
class Numbers {
  async *filter({ data }: FilterRequest) {
    let number = 0;
    for await (const line of lines(data)) yield `${++number} ${line}\n`;
  }
}

const application = createApplication({
  controllers: [Books, Gate, Numbers],
  definitions: [
    {
      kind: "role",
      number: 4,
      name: "Logger",
      inputs: { stdin: true, data: false },
      handle: (exchange: Exchange) => exchange.end(),
    },
  ],
});
const routes: GatewayRoutes = routesOf(application.description);
const running = await testApplication(application);
const book: TestAnswer = await running.respond("/books/1");
const denied = await running.authorize("/private/a");
const numbered = await running.filter("/a.txt", { data: "x\ny" });
const abort: RecordFields = { type: RecordType.AbortRequest, requestId: 1, content: new Uint8Array() };
const request: ClientRequest = { role: 4, params: {}, raw: true };
const logged = await running.client.request(request);
await running.close();

console.log(
  JSON.stringify({
    book: book.json(),
    denied: denied.status,
    numbered: numbered.text,
    logged: (await logged.bytes()).length,
    routes,
    record: Buffer.from(encodeRecord(abort)).toString("hex"),
    classes: [FastCgiClient.name, Gateway.name],
  }),
);
