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
