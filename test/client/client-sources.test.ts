import { createReadStream } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";

import { FastCgiClient } from "../../src/client/index.js";
import { temporaryFolder } from "../support/served.js";

it("survives a body that cannot be opened while connecting", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as { port: number };
  closed.close();
  const stdin = createReadStream(join(temporaryFolder(), "missing"));
  const gone = new Promise<void>((resolve) => stdin.once("close", () => resolve()));
  const client = new FastCgiClient({ address: { port } });
  await expect(client.request({ params: {}, stdin })).rejects.toThrow();
  // Vitest fails the run if the stream's error is not caught.
  await gone;
  await client.close();
});
