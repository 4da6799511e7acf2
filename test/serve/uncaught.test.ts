// An uncaught error ends the process, but not the active requests.
import { describe, expect, test } from "vitest";

import { NodeProcess, commandOf } from "../support/node-process.js";
import { get } from "../support/records.js";
import { WebServerPeer } from "../support/web-server-peer.js";

describe.each(["throw", "reject"])("An uncaught error (%s)", (how) => {
  test("is logged, active requests are finished, and the process exits with 1", async () => {
    const process = new NodeProcess(commandOf("test/serve/apps/careless.ts"));
    const address = await process.address();
    const peer = await WebServerPeer.connect(address);
    peer.send(get(1, "/slow"), get(2, `/${how}`));

    expect((await peer.answer(2)).text).toBe("careless");
    expect((await peer.answer(1)).text).toBe("finished");
    expect(await process.ended).toBe(1);
    expect(process.errors.join("\n")).toContain('"level":60');
    expect(process.errors.join("\n")).toContain("nobody caught me");
  });
});
