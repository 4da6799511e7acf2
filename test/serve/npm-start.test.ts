// What a newcomer does first, and then ends by whatever stops npm.
import { expect, test } from "vitest";

import { NodeProcess } from "../support/node-process.js";

test.each(["SIGTERM", "SIGINT"] as const)(
  "npm start prints one address, and ends with all of its processes at %s",
  async (signal) => {
    const npm = new NodeProcess(["npm", "start", "--silent"], { env: { PORT: "0" } });
    const [, url] = await npm.line(/^Library: (http:\/\/127\.0\.0\.1:\d+\/) /);
    expect((await fetch(url!)).status).toBe(200);
    expect(npm.output).toHaveLength(1);

    npm.kill(signal);
    // It has ended when nobody holds its standard output any more, the application neither.
    expect(await npm.ended).toBe(0);
    await expect(fetch(url!)).rejects.toThrow("fetch failed");
  },
);
