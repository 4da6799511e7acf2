// CVE-2020-24553: Go's net/http/fcgi labelled an answer without a type text/html, so a browser ran the scripts
// in users' uploads.
import { expect, test } from "vitest";

import { HttpError } from "../../src/http/http-error.js";
import { reply } from "../../src/roles/reply.js";
import { deny } from "../../src/roles/verdict.js";
import { authorize, filter, get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

const SCRIPT = "<!DOCTYPE html><html><script>alert(1)</script></html>";

test("an answer without a type from its handler is never called HTML", async () => {
  const { connect } = await serveDefinitions([
    responder({
      "GET /text": () => SCRIPT,
      "GET /bytes": () => Buffer.from(SCRIPT),
      "GET /json": () => ({ html: SCRIPT }),
      "GET /reply": () => reply(SCRIPT, { status: 404 }),
      "GET /stream": () => [SCRIPT].values(),
      "GET /byte-stream": () => [Buffer.from(SCRIPT)].values(),
      "GET /response": () => new Response(new Blob([SCRIPT]).stream()),
      "GET /problem": () => {
        throw new HttpError(400, SCRIPT);
      },
      "GET /failure": () => {
        throw new Error(SCRIPT);
      },
    }),
    { kind: "authorizer", name: "Gate", paths: [], authorize: () => deny(403, { body: SCRIPT }) },
    { kind: "filter", name: "Same", paths: ["*"], filter: ({ data }) => data },
  ]);
  const peer = await connect();
  const nowhere = `nowhere/${encodeURIComponent(SCRIPT)}`;
  const whole = ["text", "bytes", "json", "reply", "problem", "failure", nowhere];
  const streamed = ["stream", "byte-stream", "response"];
  const requests = [...whole, ...streamed].map((path) => get(1, `/${path}`));
  requests.push(authorize(1, "/x"), filter(1, "/x.html", SCRIPT));
  for (const request of requests) {
    const type = (await peer.send(request).answer(1)).header("Content-Type");
    expect(type).toMatch(
      /^(?:text\/plain|application\/(?:octet-stream|json|problem\+json))(?:; charset=utf-8)?$/,
    );
  }
});
