// A file that serves filters with a root: on an address, and as a CGI program (RFC 3875).
import { join } from "node:path";
import { expect, test } from "vitest";

import { folderWith } from "../support/folders.js";
import { commandOf, NodeProcess } from "../support/node-process.js";
import { get } from "../support/records.js";
import { WebServerPeer } from "../support/web-server-peer.js";
import { plainErrors } from "./support.js";

const pages = (...address: string[]) => [...commandOf("test/serve/apps/pages.ts"), ...address] as const;

function asCgi(root: string, env: Readonly<Record<string, string>>): NodeProcess {
  return new NodeProcess(pages(), {
    env: {
      ROOT: root,
      GATEWAY_INTERFACE: "CGI/1.1",
      REQUEST_METHOD: "GET",
      SCRIPT_NAME: "/cgi-bin/pages",
      QUERY_STRING: "",
      ...env,
    },
  });
}

test("A file is filtered over a socket", async () => {
  const process = new NodeProcess(pages("127.0.0.1:0"), {
    env: { ROOT: folderWith({ "a.txt": "one\ntwo\n" }) },
  });
  const peer = await WebServerPeer.connect(await process.address());
  const answer = await peer.send(get(1, "/a.txt", { keep: false })).answer(1);
  expect([answer.status, answer.text]).toEqual([200, "\n1\tone\n2\ttwo\n"]);
  expect(answer.header("ETag")).toBeDefined();
});

test("A CGI program filters the file of PATH_INFO, and exits", async () => {
  const root = folderWith({ "docs/a b.txt": "one\ntwo\n" });
  const process = asCgi(root, { PATH_INFO: "/docs/a b.txt" });
  expect(await process.ended).toBe(0);
  const blank = process.output.indexOf("");
  expect(process.output.slice(blank + 1)).toEqual(["/cgi-bin/pages", "1\tone", "2\ttwo"]);
  expect(process.output[0]).toBe("Status: 200 OK");

  const etag = process.output.find((line) => line.startsWith("ETag: "))!.slice(6);
  const again = asCgi(root, { PATH_INFO: "/docs/a b.txt", HTTP_IF_NONE_MATCH: etag });
  expect(await again.ended).toBe(0);
  expect(again.output[0]).toBe("Status: 304 Not Modified");
});

test("A CGI program answers 404 for a missing file", async () => {
  const process = asCgi(folderWith({}), { PATH_INFO: "/none.txt" });
  expect(await process.ended).toBe(0);
  expect(process.output[0]).toBe("Status: 404 Not Found");
});

test("A missing root prevents the start with one sentence that names it and the remedy", async () => {
  const root = join(folderWith({}), "none");
  const process = new NodeProcess(pages("127.0.0.1:0"), { env: { ROOT: root } });
  expect(await process.ended).toBe(1);
  expect(plainErrors(process)[0]).toBe(
    `Cannot serve files of ${JSON.stringify(root)}: it does not exist, or this process may not enter it; name a folder that ` +
      "exists and is readable",
  );
});
