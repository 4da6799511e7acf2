import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";

import { exchanged } from "./support/raw-http.js";
import { openStage, type Stage } from "./support/stage.js";

const HEAD = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/** An application that answers without a look at the upload. */
const open = (): Promise<Stage> =>
  openStage({
    scripts: { 1: (request) => request.answer("Status: 200 OK\r\n\r\nenough") },
    routes: { respond: ["/"] },
  });

test("a stalled upload has its connection closed after the answer", async () => {
  const { url } = await open();
  // It returns only when the connection has ended.
  expect(await exchanged(url, `${HEAD}1\r\nx\r\n`)).toContain("enough");
});

test("an upload that ends after its answer is read to its end, and the connection is used again", async () => {
  const { url } = await open();
  const client = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => void client.destroy());
  let received = "";
  client.on("data", (piece: Buffer) => (received += piece.toString()));
  client.write(HEAD);
  while (!received.includes("enough")) await once(client, "data");
  client.write("0\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  while (received.split("enough").length < 3) await once(client, "data");
  expect(client.destroyed).toBe(false);
});
