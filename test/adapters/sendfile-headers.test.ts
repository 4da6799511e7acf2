import { describe, expect, onTestFinished, test } from "vitest";
import { createApplication, createContainer, type Definition } from "tricorn";
import { fetchHandler, nodeListener } from "tricorn/adapters";
import { testApplication } from "tricorn/testing";

import { sendfileHeaders } from "../../src/http/header-fields.js";
import { capturedLog } from "../support/served.js";

describe.each<[string, (name: string) => Definition]>([
  [
    "a listener of node:http",
    (name) => nodeListener((_request, response) => response.setHeader(name, "/etc/shadow").end("body")),
  ],
  [
    "a fetch function",
    (name) => fetchHandler(() => new Response("body", { headers: { [name]: "/etc/shadow" } })),
  ],
])("%s", (_kind, adapted) => {
  test.each(sendfileHeaders)("cannot have the Web server send a file by %s", async (name) => {
    const { log, lines } = capturedLog();
    const application = await testApplication(
      createApplication({
        controllers: [],
        definitions: [adapted(name)],
        container: createContainer(),
        log,
      }),
    );
    onTestFinished(() => application.close());
    const answer = await application.respond("/");
    expect([answer.status, answer.headers.get(name)]).toEqual([500, undefined]);
    expect(JSON.stringify(lines)).toContain("ERR_RESPONSE_HEADER");
  });
});
