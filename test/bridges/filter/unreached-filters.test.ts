import { expect, test } from "vitest";

import { get } from "../../support/records.js";
import { responder, serveDefinitions } from "../../support/served.js";

const upper = {
  kind: "filter",
  name: "Upper",
  paths: ["*.txt"],
  filter: () => "UPPER",
} as const;
const pages = responder({ "GET /page": () => "a page" });

test.each([
  ["nginx/1.22.1", "/poem.txt", 1],
  ["Apache/2.4.71 (Debian)", "/a/poem.txt", 1],
  ["nginx/1.22.1", "/page", 0],
  ["nginx/1.22.1", "/poem.txt/x", 0],
  ["Tricorn", "/poem.txt", 0],
])("behind %s a request for %s warns of a filter without a root %d times", async (server, target, times) => {
  const { connect, log } = await serveDefinitions([upper, pages]);
  const peer = await connect();
  for (const id of [1, 2]) {
    peer.send(get(id, target, { params: { SERVER_SOFTWARE: server } }));
    await peer.answer(id);
  }
  const warnings = log.filter(({ code }) => code === "ERR_FILTER_UNREACHED");
  expect(warnings).toHaveLength(times);
  for (const { msg } of warnings) expect(msg).toContain("bridges.filter.root");
});

test("warns in a busy server too, after at most 64 requests for files of a filter", async () => {
  const { connect, log } = await serveDefinitions([upper, pages]);
  const peer = await connect();
  const ask = async (target: string, times: number): Promise<void> => {
    for (let count = 0; count < times; count += 1) {
      peer.send(get(1, target, { params: { SERVER_SOFTWARE: "nginx/1.22.1" } }));
      await peer.answer(1);
    }
  };
  await ask("/page", 1_010);
  expect(log).toEqual([]);
  await ask("/poem.txt", 64);
  expect(log.filter(({ code }) => code === "ERR_FILTER_UNREACHED")).toHaveLength(1);
});
