import { readFileSync, readdirSync } from "node:fs";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";

const folder = new URL("../../src/adapters/", import.meta.url);

const message = new IncomingMessage(new Socket());
const response = new ServerResponse(message);
const socket = new Socket();
response.assignSocket(socket);

/** Every private member that src/adapters/node-internals.ts uses, and an object of Node.js that has it. */
const members: readonly (readonly [owner: string, member: string, holder: object])[] = [
  ["IncomingMessage", "_addHeaderLines", message],
  ["IncomingMessage", "_dump", message],
  ["IncomingMessage", "_dumped", message],
  ["ServerResponse", "_header", response],
  ["ServerResponse", "_closed", response],
  ["ServerResponse", "_contentLength", response],
  ["ServerResponse", "_storeHeader", response],
  ["ServerResponse", "_send", response],
  ["ServerResponse", "_writeRaw", response],
  ["ServerResponse", "kNeedDrain", response],
  ["Socket", "_httpMessage", socket],
  ["Socket", "_writableState", socket],
];

function has(holder: object, member: string): boolean {
  return (
    member in holder || Object.getOwnPropertySymbols(holder).some(({ description }) => description === member)
  );
}

test.each(members)("Node.js still has the private member %s.%s", (owner, member, holder) => {
  const gone = `Node.js ${process.versions.node} has no ${owner}.${member}: change src/adapters/node-internals.ts`;
  expect(has(holder, member), gone).toBe(true);
});

test("node:http still calls the methods that a response's writer replaces", () => {
  const calls: string[] = [];
  const written = new ServerResponse(new IncomingMessage(new Socket()));
  Object.assign(written, {
    _storeHeader(this: { _header: string }) {
      calls.push("_storeHeader");
      this._header = "HTTP/1.1 200 OK\r\n\r\n";
    },
    _send: () => calls.push("_send") > 0,
    _writeRaw: () => calls.push("_writeRaw") > 0,
  });
  written.writeContinue();
  written.writeHead(200);
  written.write("a");
  const gone = `Node.js ${process.versions.node} writes responses in another way: change src/adapters/node-internals.ts`;
  expect(new Set(calls), gone).toEqual(new Set(["_storeHeader", "_send", "_writeRaw"]));
});

test("src/adapters/node-internals.ts uses no other private member, and no other adapter uses any", () => {
  const uses = (file: string): string[] =>
    readFileSync(new URL(file, folder), "utf8").match(/\b_[a-z]\w+|\bk(?:NeedDrain|OutHeaders)\b/g) ?? [];
  expect(new Set(uses("node-internals.ts"))).toEqual(new Set(members.map(([, member]) => member)));
  const others = readdirSync(folder).filter((file) => file.endsWith(".ts") && file !== "node-internals.ts");
  expect(others.flatMap(uses).filter((name) => !UNUSED_PARAMETERS.has(name))).toEqual([]);
});

/** Parameters that begin with "_" because they are not used. */
const UNUSED_PARAMETERS: ReadonlySet<string> = new Set(["_data", "_encoding"]);
