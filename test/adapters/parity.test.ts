// The same listener on node:http and over FastCGI: the events of request, response and socket, each in order, and
// the states of the objects at each event.
import { describe, expect, test } from "vitest";

import { onNodeHttp, throughGateway, type Scenario } from "./parity.js";

const post = (length: number, body: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const answered: Record<string, Scenario> = {
  "answers at once": { listener: (_request, response) => response.end("x") },
  "answers later": {
    listener: async (request, response, note) => {
      await turn();
      note(`complete ${request.complete}`);
      response.end("x");
    },
  },
  "answers a body that it does not read": {
    sends: post(3, "abc"),
    listener: (_request, response) => response.end("x"),
  },
  "reads a body and answers": {
    sends: post(3, "abc"),
    listener: (request, response) => request.resume().on("end", () => response.end("x")),
  },
  "answers in pieces": {
    listener: (_request, response) => {
      response.cork();
      response.write("a");
      response.write("b");
      response.uncork();
      setImmediate(() => response.end("c"));
    },
  },
  "answers HEAD": {
    sends: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    listener: (_request, response) => {
      response.write("a");
      response.end("b");
    },
  },
  "ends its socket after it has answered": {
    listener: (request, response) => {
      response.end("x");
      request.socket.end();
    },
  },
  "destroys its response after it has answered": {
    listener: (_request, response) => {
      response.end("x");
      response.destroy();
    },
  },
  "destroys a request that was read": {
    sends: post(3, "abc"),
    listener: (request, response) =>
      request.resume().on("end", () => {
        request.destroy();
        response.end("x");
      }),
  },
  "writes after the end": {
    listener: (_request, response, note) => {
      response.on("error", () => {});
      response.end("x");
      response.write("y", (error) => note(String((error as { code?: string } | undefined)?.code)));
    },
  },
  "sends status 700 with a custom reason": {
    listener: (_request, response) => response.writeHead(700, "Own Reason", { A: "1" }).end("x"),
  },
  "sends status 999": {
    listener: (_request, response) => {
      response.statusCode = 999;
      response.end("x");
    },
  },
  "sends a custom reason": {
    listener: (_request, response) => {
      response.statusMessage = "Fine";
      response.end("x");
    },
  },
  "answers in the callback of response.setTimeout()": {
    listener: (_request, response, note) =>
      response.setTimeout(20, () => {
        note("late");
        response.end("late");
      }),
  },
  "answers at the event of response.setTimeout()": {
    listener: (request, response, note) => {
      request.on("timeout", () => note("request"));
      response.on("timeout", () => response.end("late"));
      response.setTimeout(20);
    },
  },
  "takes its time back by setTimeout(0)": {
    listener: (request, response, note) => {
      request.socket.setTimeout(20, () => note("never"));
      request.socket.setTimeout(0);
      setTimeout(() => response.end(String(request.socket.timeout)), 60);
    },
  },
  "uses all other methods of a response": {
    listener: (request, response, note) => {
      response.appendHeader("X-A", "1").appendHeader("x-a", ["2", "3"]);
      (response as unknown as { setHeaders(headers: Headers): void }).setHeaders(new Headers({ b: "c" }));
      const { getRawHeaderNames } = response as unknown as { getRawHeaderNames(): string[] };
      note([...getRawHeaderNames.call(response), response.req === request].join());
      note(String(response.socket === request.socket));
      response.addTrailers({ a: "b" });
      response.flushHeaders();
      response.end("x");
      note((response as unknown as { _header: string })._header.slice(0, 15));
    },
  },
};

const broken: Record<string, Scenario> = {
  "whose client leaves while it is at work": { leaves: "begun", listener: () => {} },
  "whose client leaves while its body is not read": {
    leaves: "begun",
    sends: post(3, "abc"),
    listener: () => {},
  },
  "whose client leaves in the middle of an upload": {
    leaves: "begun",
    sends: post(10, "abc"),
    listener: (request) => request.resume(),
  },
  "whose client leaves while it streams, and that writes on": {
    leaves: "answered",
    listener: (_request, response, note) => {
      response.write("a");
      response.on("close", () => {
        response.write("b", (error) => note(`${(error as { code?: string } | undefined)?.code}`));
        response.end("c");
      });
    },
  },
  "that is held to its Content-Length where it asks for that": {
    listener: (_request, response, note) => {
      response.strictContentLength = true;
      response.setHeader("Content-Length", 3);
      try {
        response.end("abcd");
      } catch (error) {
        note(String((error as { code?: string }).code));
        response.destroy();
      }
    },
  },
  "that destroys its socket": { listener: (request) => request.socket.destroy() },
  "that destroys its socket with an error": {
    listener: (request) => request.socket.destroy(new Error("boom")),
  },
  "that destroys its socket in the middle of an answer": {
    listener: (request, response) => {
      response.write("a");
      setImmediate(() => request.socket.destroy(new Error("boom")));
    },
  },
  "that ends its socket": { listener: (request) => request.socket.end() },
  "that ends its socket in the middle of an answer": {
    listener: (request, response) => {
      response.write("a");
      setImmediate(() => request.socket.end());
    },
  },
  "that destroys its response": { listener: (_request, response) => response.destroy() },
  "that destroys its response with an error": {
    listener: (_request, response) => response.destroy(new Error("boom")),
  },
  "that destroys its request": { listener: (request) => request.destroy() },
  "that destroys its request with an error": {
    listener: (request) => request.destroy(new Error("boom")),
  },
  "that does not hear of response.setTimeout()": {
    listener: (_request, response) => response.setTimeout(20),
  },
  "that hears of its time at the socket alone": {
    listener: (request, _response, note) => request.socket.setTimeout(20, () => note("late")),
  },
};

describe("A listener that answers has events and states as on node:http", () => {
  test.each(Object.entries(answered))("if it %s", async (_name, scenario) => {
    const expected = await onNodeHttp(scenario);
    expect(await throughGateway(scenario)).toEqual(expected);
  });
});

describe("A listener whose request is aborted has events and states as on node:http", () => {
  test.each(Object.entries(broken))("%s", async (_name, scenario) => {
    const { lines } = await onNodeHttp(scenario);
    expect((await throughGateway(scenario)).lines).toEqual(lines);
  });
});
