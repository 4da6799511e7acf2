import { inspect } from "node:util";
import { describe, expect, test } from "vitest";

import type { RoleRequest } from "../../src/roles/request.js";
import { authorize, get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

const secrets = {
  HTTP_AUTHORIZATION: `Basic ${Buffer.from("ada:open-sesame").toString("base64")}`,
  HTTP_COOKIE: "session=cookie-of-ada; theme=dark-as-night",
  REMOTE_PASSWD: "password-of-ada",
  HTTP_X_API_KEY: "key-of-ada",
};
const words = [
  "open-sesame",
  "cookie-of-ada",
  "dark-as-night",
  "password-of-ada",
  "key-of-ada",
  "YWRhOm9wZW4",
];

/** An error that quotes everything a handler can read of a request. */
function tellTale({ params, query }: RoleRequest): Error {
  const cause = new Error(`Cannot find ${params.get("REMOTE_PASSWD")}`);
  return new Error(`Cannot use ${JSON.stringify(params.toObject())} and ${query.get("x")}`, { cause });
}

describe("The secrets of a request", () => {
  test.each(["responder", "authorizer"])(
    "of a %s that fails appear neither in log, STDERR nor answer",
    async (role) => {
      const fails = (request: RoleRequest): never => {
        throw tellTale(request);
      };
      const { connect, log } = await serveDefinitions(
        [responder({ "GET /": fails }), { kind: "authorizer", name: "Gate", paths: [], authorize: fails }],
        { dispatcher: { secrets: ["HTTP_X_API_KEY"] } },
      );
      const peer = await connect();
      const request = role === "responder" ? get : authorize;
      peer.send(request(1, "/", { params: secrets }));
      const answer = await peer.answer(1);
      const told =
        JSON.stringify(log) +
        inspect(answer, { depth: 9, maxStringLength: Infinity }) +
        peer.bytes.toString();

      expect(answer.status).toBe(500);
      expect(JSON.stringify(log)).toContain("[redacted]");
      for (const word of words) expect(told).not.toContain(word);
    },
  );

  test("are not shown when a request is inspected or logged", async () => {
    const shown: string[] = [];
    const { connect, log } = await serveDefinitions([
      responder({
        "GET /": (request) => {
          shown.push(inspect(request, { depth: 9 }), JSON.stringify(request), inspect(request.params));
          request.log.info({ request, params: request.params }, "seen");
          return "";
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/?token=key-of-ada", { params: secrets }));
    await peer.answer(1);

    expect(shown[0]).toBe("ResponderRequest GET /");
    expect(log.map(({ msg }) => msg)).toContain("seen");
    for (const word of words) expect(shown.join() + JSON.stringify(log)).not.toContain(word);
  });
});
