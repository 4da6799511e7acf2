// A program for workers: its version is in the file that VERSION_FILE names, and a version that is no number does not start.
import { existsSync, readFileSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { allow, createApplication, deny, serve, type ResponderRequest } from "tricorn";

const file = process.env["VERSION_FILE"] ?? "";
const version = readFileSync(file, "utf8").trim();
if (!/^\d+$/.test(version)) throw new SyntaxError(`the version is ${version}`);
const head = (): string => `v=${version} pid=${process.pid}`;

/** Waits until a file of this name is beside that of the version. */
function released(name: string): Promise<string> {
  const path = join(dirname(file), name);
  return new Promise((resolve) => {
    const watcher = watch(dirname(file), () => {
      if (!existsSync(path)) return;
      watcher.close();
      resolve(head());
    });
    if (existsSync(path)) {
      watcher.close();
      resolve(head());
    }
  });
}

const leaked: Buffer[] = [];
let messages = 0;
const routes = [
  { method: "GET", path: "/", name: "show", handle: head },
  {
    method: "GET",
    path: "/wait",
    name: "wait",
    handle: ({ queryString }: ResponderRequest) => released(queryString),
  },
  {
    method: "POST",
    path: "/",
    name: "post",
    handle: async ({ body }: ResponderRequest) => `${head()} body=${await body.text()}`,
  },
  {
    method: "GET",
    path: "/throw",
    name: "throw",
    handle: () => {
      setImmediate(() => {
        throw new Error("nobody catches this");
      });
      return head();
    },
  },
  {
    method: "GET",
    path: "/leak",
    name: "leak",
    handle: () => {
      leaked.push(Buffer.alloc(64 * 1024 * 1024, 1));
      return head();
    },
  },
  {
    method: "GET",
    path: "/send",
    name: "send",
    handle: ({ queryString }: ResponderRequest) => {
      process.send?.({ cmd: "NODE_TRICORN", body: JSON.parse(decodeURIComponent(queryString)) as unknown });
      return head();
    },
  },
  {
    method: "GET",
    path: "/disconnect",
    name: "disconnect",
    handle: () => {
      process.disconnect();
      return head();
    },
  },
  {
    method: "GET",
    path: "/messages",
    name: "messages",
    handle: () => {
      process.send?.({ cmd: "mine", body: { kind: "empty" } });
      return `messages=${messages}`;
    },
  },
  {
    method: "GET",
    path: "/environment",
    name: "environment",
    handle: () => Object.keys(process.env).sort().join(),
  },
];

process.on("message", () => (messages += 1));
if (process.env["DISCONNECTS"] !== undefined) process.disconnect();
await serve(
  createApplication({
    controllers: [],
    definitions: [
      { kind: "responder", name: "Versions", routes },
      {
        kind: "authorizer",
        name: "Gate",
        paths: [],
        authorize: ({ headers }) => (headers.has("x-user") ? allow({ USER: head() }) : deny(401)),
      },
      {
        kind: "filter",
        name: "Upper",
        paths: ["**"],
        async *filter({ data }) {
          for await (const chunk of data) yield Buffer.from(chunk).toString("latin1").toUpperCase();
          yield ` ${head()}`;
        },
      },
    ],
  }),
  undefined,
  {
    signals: process.env["OWN_SIGNALS"] === undefined,
    timeouts: { shutdown: Number(process.env["SHUTDOWN"] ?? 30_000) },
  },
);
