// Starts an application of the bundled package, has it answer one request that this process sends itself, and prints the
// answer and what was loaded until then. In plain JavaScript, so that nothing is loaded to compile it.
import { once } from "node:events";
import { Session } from "node:inspector";
import { connect } from "node:net";

const [bundle, kind, folder, request] = process.argv.slice(2);

const loaded = [];
const session = new Session();
session.connect();
// The debugger is told of every script: modules, CommonJS, those of Node.js itself.
session.on("Debugger.scriptParsed", ({ params }) => void loaded.push(params.url));
session.post("Debugger.enable");
// It begins with those that there were already.
loaded.length = 0;

const { Get, Path, Req, Responder, container, createApplication, inject, serve } = await import(
  `${bundle}/index.js`
);

function decorate(target, { route, parameter, key }) {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, key);
  parameter?.(target.prototype, key, 0);
  route(target.prototype, key, descriptor);
  Responder()(target);
  return target;
}

class Site {
  hello() {
    return "Hello";
  }
  item(id) {
    return { id };
  }
  cookie({ cookies }) {
    return `cookies: ${Object.keys(cookies).length}`;
  }
  logged(request) {
    request.log.info({ password: "told" }, "Asked");
    return "logged";
  }
}

/** Each application has one thing that not every application has. */
const applications = {
  plain: async () => [decorate(Site, { route: Get("/"), key: "hello" })],
  schema: async () => {
    const { z } = await import("zod");
    const Id = z.coerce.number().int();
    return [decorate(Site, { route: Get("/items/:id"), parameter: Path("id", Id), key: "item" })];
  },
  captured: async () => [decorate(Site, { route: Get("/items/:id"), parameter: Path("id"), key: "item" })],
  logged: async () => [decorate(Site, { route: Get("/"), parameter: Req(), key: "logged" })],
  cookies: async () => [decorate(Site, { route: Get("/"), parameter: Req(), key: "cookie" })],
  injected: async () => {
    class Greeter extends Site {
      constructor(name) {
        super();
        this.name = name;
      }
      hello() {
        return `Hello, ${this.name}`;
      }
    }
    container.register("name", { useValue: "Ada" });
    inject("name")(Greeter, undefined, 0);
    return [decorate(Greeter, { route: Get("/"), key: "hello" })];
  },
  filter: async () =>
    createApplication({
      controllers: [],
      definitions: [{ kind: "filter", name: "Same", paths: ["*.txt"], filter: ({ data }) => data }],
    }),
};

const options = kind === "filter" ? { bridges: { filter: { root: folder, cache: { bytes: 2 ** 20 } } } } : {};
await serve(await applications[kind](), `${folder}/socket`, options);
const socket = connect(`${folder}/socket`);
socket.write(Buffer.from(request, "base64"));
const chunks = [];
socket.on("data", (chunk) => chunks.push(chunk));
// The request asks for the end of the connection behind the answer.
await once(socket, "end");
console.log(JSON.stringify({ answer: Buffer.concat(chunks).toString("latin1"), loaded }));
process.exit(0);
