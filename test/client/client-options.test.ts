import { expect, test } from "vitest";

import { FastCgiClient, type ClientOptions } from "../../src/client/index.js";

test.each([
  ["127.0.0.1:9000", "string"],
  [9000, "number"],
  [undefined, "undefined"],
  [null, "null"],
])("a client refuses %j instead of options", (options, type) => {
  expect(() => new FastCgiClient(options as unknown as ClientOptions)).toThrow(
    expect.objectContaining({
      name: "ConfigurationError",
      code: "ERR_CLIENT_OPTION",
      message: `Cannot create client: the options are ${type}, not an object; write new FastCgiClient({ address: "127.0.0.1:9000" })`,
    }),
  );
});

test.each([
  [{ maxConnections: 0 }, "maxConnections is not a positive integer"],
  [{ requestsPerConnection: 1.5 }, "requestsPerConnection is not a positive integer"],
  [{ timeouts: { connect: 0 } }, "timeouts.connect is not a positive number of milliseconds"],
  [{ timeouts: { idle: Number.NaN } }, "timeouts.idle is not a positive number of milliseconds"],
])("a client refuses %j", (options, fact) => {
  expect(() => new FastCgiClient({ address: "127.0.0.1:9000", ...options })).toThrow(
    expect.objectContaining({ code: "ERR_CLIENT_OPTION", message: `Cannot create client: ${fact}` }),
  );
});

test("a request with a property that requests do not have is refused before it is sent", async () => {
  let connections = 0;
  const client = new FastCgiClient({
    connect: () => {
      connections += 1;
      throw new Error("nothing is to be sent");
    },
  });
  await expect(client.request(Object({ params: {}, body: "lost" }))).rejects.toMatchObject({
    code: "ERR_OPTION",
    message:
      "Cannot send request: a request has no option body; it has role, params, stdin, data, signal, timeout, raw",
  });
  expect(connections).toBe(0);
});
