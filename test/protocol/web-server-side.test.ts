import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { encodeEndRequest, type EndRequestBody } from "../../src/protocol/bodies.js";
import { RecordType, Role } from "../../src/protocol/constants.js";
import { encodeNameValuePairs } from "../../src/protocol/name-value.js";
import type { AnswerSink, InputType, OutgoingRequest } from "../../src/protocol/outgoing-request.js";
import { encodeRecord } from "../../src/protocol/record.js";
import { RecordReader } from "../../src/protocol/record-reader.js";
import { MAX_REQUEST_ID, WebServerSide } from "../../src/protocol/web-server-side.js";
import { hex } from "../support/hex.js";

class Recorder implements AnswerSink {
  out = "";
  err = "";
  end: EndRequestBody | undefined;

  stdout(piece: Buffer): void {
    this.out += piece.toString();
  }
  stderr(piece: Buffer): void {
    this.err += piece.toString();
  }
  ended(end: EndRequestBody): void {
    this.end = end;
  }
}

function side(): { side: WebServerSide; queued: () => number; sent: () => Buffer } {
  let queued = 0;
  const webServer = new WebServerSide({ outputQueued: () => (queued += 1) });
  return { side: webServer, queued: () => queued, sent: () => Buffer.concat(webServer.output.take()) };
}

const nothing = Buffer.alloc(0);

function begin(
  webServer: WebServerSide,
  { inputs = [RecordType.Stdin] as InputType[], sink = new Recorder() } = {},
): { request: OutgoingRequest; sink: Recorder } {
  const request = webServer.begin(
    { role: Role.Responder, keepConnection: true, params: nothing, inputs },
    sink,
  );
  return { request, sink };
}

const end1 = "01 03 00 01 00 08 00 00  00 00 00 00 00 00 00 00";

describe("what a Web server sends", () => {
  test("is BEGIN_REQUEST, PARAMS, STDIN for a responder (section 6.2)", () => {
    const { side: webServer, sent, queued } = side();
    const request = webServer.begin(
      {
        role: Role.Responder,
        keepConnection: true,
        params: encodeNameValuePairs([["A", "bc"]]),
        inputs: [RecordType.Stdin],
      },
      new Recorder(),
    );
    request.write(RecordType.Stdin, Buffer.from("hi"));
    request.close(RecordType.Stdin);
    expect(sent()).toEqual(
      hex(`01 01 00 01 00 08 00 00  00 01 01 00 00 00 00 00  # BEGIN_REQUEST: responder, KEEP_CONN
           01 04 00 01 00 05 03 00  01 02 41 62 63 00 00 00  # PARAMS: A=bc
           01 04 00 01 00 00 00 00                           # PARAMS end
           01 05 00 01 00 02 06 00  68 69 00 00 00 00 00 00  # STDIN
           01 05 00 01 00 00 00 00                           # STDIN ends`),
    );
    expect(queued()).toBe(3);
  });

  test("has STDIN and DATA for a filter (section 6.4)", () => {
    const { side: webServer, sent } = side();
    const request = webServer.begin(
      {
        role: Role.Filter,
        keepConnection: false,
        params: nothing,
        inputs: [RecordType.Stdin, RecordType.Data],
      },
      new Recorder(),
    );
    request.close(RecordType.Stdin);
    request.write(RecordType.Data, Buffer.from("datadata"));
    request.close(RecordType.Data);
    expect(sent()).toEqual(
      hex(`01 01 00 01 00 08 00 00  00 03 00 00 00 00 00 00
           01 04 00 01 00 00 00 00
           01 05 00 01 00 00 00 00
           01 08 00 01 00 08 00 00  64 61 74 61 64 61 74 61
           01 08 00 01 00 00 00 00`),
    );
  });

  test("is ABORT_REQUEST and then nothing more (section 5.4)", () => {
    const { side: webServer, sent } = side();
    const { request } = begin(webServer);
    sent();
    request.abort();
    request.abort();
    request.write(RecordType.Stdin, Buffer.from("late"));
    request.close(RecordType.Stdin);
    expect(sent()).toEqual(hex("01 02 00 01 00 00 00 00"));
    expect(webServer.activeCount).toBe(1);
  });

  test("closes open streams when END_REQUEST arrives early, so that the id can be used again", () => {
    const { side: webServer, sent } = side();
    const { request, sink } = begin(webServer, { inputs: [RecordType.Stdin, RecordType.Data] });
    sent();
    webServer.receive(hex(end1));
    expect(sink.end).toEqual({ applicationStatus: 0, protocolStatus: 0 });
    expect(sent()).toEqual(hex("01 05 00 01 00 00 00 00  01 08 00 01 00 00 00 00"));
    request.write(RecordType.Stdin, Buffer.from("late"));
    request.close(RecordType.Stdin);
    request.abort();
    expect(sent()).toHaveLength(0);
  });

  test("is refused on streams that are closed or not in use", () => {
    const { side: webServer } = side();
    const { request } = begin(webServer);
    expect(() => request.write(RecordType.Data, Buffer.from("x"))).toThrow(TypeError);
    request.close(RecordType.Stdin);
    expect(() => request.write(RecordType.Stdin, Buffer.from("x"))).toThrow(TypeError);
    expect(() => request.close(RecordType.Stdin)).toThrow(TypeError);
  });

  test.each([-1, 65_536, 1.5])("is refused for role %d", (role) => {
    const start = { role, keepConnection: true, params: nothing, inputs: [] };
    expect(() => side().side.begin(start, new Recorder())).toThrow(RangeError);
  });
});

describe("request ids", () => {
  test("are small, and used again only after END_REQUEST", () => {
    const { side: webServer } = side();
    expect([begin(webServer), begin(webServer), begin(webServer)].map(({ request }) => request.id)).toEqual([
      1, 2, 3,
    ]);
    webServer.receive(hex("01 03 00 02 00 08 00 00  00 00 00 00 00 00 00 00"));
    expect([begin(webServer), begin(webServer)].map(({ request }) => request.id)).toEqual([2, 4]);
  });

  test("stay in use while an aborted request has not ended", () => {
    const { side: webServer } = side();
    begin(webServer).request.abort();
    expect(begin(webServer).request.id).toBe(2);
    webServer.receive(hex(end1));
    expect(begin(webServer).request.id).toBe(1);
  });

  test("end at 65,535", () => {
    const { side: webServer } = side();
    for (let id = 1; id <= MAX_REQUEST_ID; id += 1) begin(webServer, { inputs: [] });
    webServer.output.take();
    expect(() => begin(webServer)).toThrow(RangeError);
    webServer.receive(hex("01 03 ff ff 00 08 00 00  00 00 00 00 00 00 00 00"));
    expect(begin(webServer).request.id).toBe(65_535);
  });
});

describe("what a Web server receives", () => {
  test("is STDOUT, STDERR and END_REQUEST (section 5.5)", () => {
    const { side: webServer } = side();
    const { sink } = begin(webServer);
    webServer.receive(
      hex(`01 06 00 01 00 02 06 00  68 69 00 00 00 00 00 00   # STDOUT
           01 07 00 01 00 01 07 00  21 00 00 00 00 00 00 00   # STDERR
           01 06 00 01 00 00 00 00  01 06 00 01 00 00 00 00   # STDOUT ends, twice
           01 07 00 01 00 00 00 00                            # STDERR ends
           01 03 00 01 00 08 00 00  00 00 00 07 02 00 00 00   # END_REQUEST`),
    );
    expect(sink).toMatchObject({ out: "hi", err: "!", end: { applicationStatus: 7, protocolStatus: 2 } });
    expect(webServer.activeCount).toBe(0);
  });

  test("goes to its request", () => {
    const { side: webServer } = side();
    const first = begin(webServer);
    const second = begin(webServer);
    webServer.receive(
      hex("01 06 00 02 00 01 00 00 62  01 06 00 01 00 01 00 00 61  01 06 00 02 00 01 00 00 42"),
    );
    expect([first.sink.out, second.sink.out]).toEqual(["a", "bB"]);
  });

  test("may have an unknown type", () => {
    const { side: webServer } = side();
    const { sink } = begin(webServer);
    webServer.receive(hex("01 0c 00 01 00 01 00 00 61  01 ff 00 00 00 01 00 00 61  01 00 00 09 00 00 00 00"));
    webServer.receive(hex(end1));
    expect(sink.end).toBeDefined();
  });

  test.each([
    ["another version", "ERR_FCGI_VERSION", "02 06 00 01 00 00 00 00"],
    ["STDOUT of request 0", "ERR_FCGI_NULL_REQUEST_ID", "01 06 00 00 00 01 00 00 61"],
    ["STDERR of request 0", "ERR_FCGI_NULL_REQUEST_ID", "01 07 00 00 00 01 00 00 61"],
    [
      "END_REQUEST of request 0",
      "ERR_FCGI_NULL_REQUEST_ID",
      "01 03 00 00 00 08 00 00 00 00 00 00 00 00 00 00",
    ],
    ["STDOUT of a request that was never begun", "ERR_FCGI_STREAM_CLOSED", "01 06 00 02 00 01 00 00 61"],
    ["STDOUT after its end", "ERR_FCGI_STREAM_CLOSED", "01 06 00 01 00 00 00 00 01 06 00 01 00 01 00 00 61"],
    ["STDERR after its end", "ERR_FCGI_STREAM_CLOSED", "01 07 00 01 00 00 00 00 01 07 00 01 00 01 00 00 61"],
    ["STDOUT behind END_REQUEST", "ERR_FCGI_STREAM_CLOSED", `${end1} 01 06 00 01 00 01 00 00 61`],
    ["END_REQUEST twice", "ERR_FCGI_STREAM_CLOSED", end1 + end1],
    ["a short END_REQUEST", "ERR_FCGI_BODY_LENGTH", "01 03 00 01 00 07 00 00 00 00 00 00 00 00 00"],
    ["BEGIN_REQUEST", "ERR_FCGI_RECORD_TYPE", "01 01 00 01 00 08 00 00 00 01 00 00 00 00 00 00"],
    ["ABORT_REQUEST", "ERR_FCGI_RECORD_TYPE", "01 02 00 01 00 00 00 00"],
    ["PARAMS", "ERR_FCGI_RECORD_TYPE", "01 04 00 01 00 00 00 00"],
    ["STDIN", "ERR_FCGI_RECORD_TYPE", "01 05 00 01 00 01 00 00 61"],
    ["DATA", "ERR_FCGI_RECORD_TYPE", "01 08 00 01 00 01 00 00 61"],
    ["GET_VALUES", "ERR_FCGI_RECORD_TYPE", "01 09 00 00 00 00 00 00"],
    ["unrequested values", "ERR_FCGI_RECORD_TYPE", "01 0a 00 00 00 00 00 00"],
    ["values with a request id", "ERR_FCGI_RECORD_TYPE", "01 0a 00 01 00 00 00 00"],
    [
      "UNKNOWN_TYPE with a request id",
      "ERR_FCGI_RECORD_TYPE",
      "01 0b 00 01 00 08 00 00 09 00 00 00 00 00 00 00",
    ],
    [
      "an unrequested UNKNOWN_TYPE",
      "ERR_FCGI_RECORD_TYPE",
      "01 0b 00 00 00 08 00 00 09 00 00 00 00 00 00 00",
    ],
    ["a short UNKNOWN_TYPE", "ERR_FCGI_BODY_LENGTH", "01 0b 00 00 00 01 00 00 09"],
  ])("is refused if it is %s", (_name, code, bytes) => {
    const { side: webServer } = side();
    begin(webServer);
    expect(() => webServer.receive(hex(bytes))).toThrow(expect.objectContaining({ code, fault: "remote" }));
  });
});

describe("GET_VALUES (section 4.1)", () => {
  test("asks by name, and reads the answers in order", () => {
    const { side: webServer, sent } = side();
    const answers: unknown[] = [];
    webServer.getValues(["FCGI_MPXS_CONNS"], (values) => answers.push(values));
    webServer.getValues([], (values) => answers.push(values));
    expect(sent()).toEqual(
      Buffer.concat([
        hex("01 09 00 00 00 11 07 00  0f 00"),
        Buffer.from("FCGI_MPXS_CONNS"),
        hex("00 00 00 00 00 00 00  01 09 00 00 00 00 00 00"),
      ]),
    );
    const result = Buffer.concat([
      hex("01 0a 00 00 00 12 06 00  0f 01"),
      Buffer.from("FCGI_MPXS_CONNS1"),
      Buffer.alloc(6),
    ]);
    webServer.receive(Buffer.concat([result, hex("01 0a 00 00 00 00 00 00")]));
    expect(answers).toEqual([new Map([["FCGI_MPXS_CONNS", "1"]]), new Map()]);
  });

  test("continues with further records after its answer, as Go's net/http/fcgi sends them", () => {
    const { side: webServer } = side();
    const answers: unknown[] = [];
    webServer.getValues(["FCGI_MPXS_CONNS"], (values) => answers.push(values));
    const { sink } = begin(webServer);
    // Recorded from Go 1.19.8.
    webServer.receive(
      hex(`01 0a 00 00 00 12 06 00  0f 01 46 43 47 49 5f 4d 50 58 53 5f 43 4f 4e 4e 53 31  00 00 00 00 00 00
           01 0a 00 00 00 00 00 00`),
    );
    expect(answers).toEqual([new Map([["FCGI_MPXS_CONNS", "1"]]), new Map()]);
    webServer.receive(hex(end1));
    expect(sink.end).toBeDefined();
  });

  test("is answered without values by an application that does not support it (section 4.2)", () => {
    const { side: webServer } = side();
    const answers: unknown[] = [];
    webServer.getValues(["FCGI_MAX_REQS"], (values) => answers.push(values));
    webServer.receive(hex("01 0b 00 00 00 08 00 00  09 00 00 00 00 00 00 00"));
    expect(answers).toEqual([undefined]);
  });

  test.each([
    ["pairs that end too early", "ERR_FCGI_NAME_VALUE", "01 0a 00 00 00 04 00 00 ff ff ff ff"],
    [
      "another type than the one that was sent",
      "ERR_FCGI_RECORD_TYPE",
      "01 0b 00 00 00 08 00 00 0c 00 00 00 00 00 00 00",
    ],
  ])("refuses %s", (_name, code, bytes) => {
    const { side: webServer } = side();
    webServer.getValues(["FCGI_MAX_REQS"], () => {});
    expect(() => webServer.receive(hex(bytes))).toThrow(expect.objectContaining({ code }));
  });
});

test("interleaved answers are separated in any order and division", () => {
  const piece = fc.record({
    id: fc.integer({ min: 1, max: 4 }),
    error: fc.boolean(),
    text: fc.string({ minLength: 1, maxLength: 50 }),
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 50 }), (pieces, size) => {
      const { side: webServer } = side();
      const sinks = [1, 2, 3, 4].map(() => begin(webServer).sink);
      const bytes = Buffer.concat([
        ...pieces.map(({ id, error, text }) =>
          encodeRecord({
            type: error ? 7 : 6,
            requestId: id,
            content: Buffer.from(text, "latin1").fill("x"),
          }),
        ),
        ...[3, 1, 4, 2].map((id) =>
          encodeRecord({
            type: 3,
            requestId: id,
            content: encodeEndRequest({ applicationStatus: id, protocolStatus: 0 }),
          }),
        ),
      ]);
      for (let start = 0; start < bytes.length; start += size)
        webServer.receive(bytes.subarray(start, start + size));
      sinks.forEach((sink, index) => {
        const mine = pieces.filter(({ id }) => id === index + 1);
        const length = (error: boolean): number =>
          mine
            .filter((one) => one.error === error)
            .reduce((sum, { text }) => sum + Buffer.from(text, "latin1").length, 0);
        expect([sink.out.length, sink.err.length]).toEqual([length(false), length(true)]);
        expect(sink.end?.applicationStatus).toBe(index + 1);
      });
      expect(webServer.activeCount).toBe(0);
    }),
  );
});

test("a reader reads back what is sent, at any sizes", () => {
  fc.assert(
    fc.property(fc.nat(200_000), fc.nat(200_000), (params, stdin) => {
      const { side: webServer, sent } = side();
      const start = {
        role: 1,
        keepConnection: true,
        params: Buffer.alloc(params, "p"),
        inputs: [RecordType.Stdin],
      };
      const request = webServer.begin(start, new Recorder());
      request.write(RecordType.Stdin, Buffer.alloc(stdin, "s"));
      request.close(RecordType.Stdin);
      const lengths = new Map<number, number>();
      const reader = new RecordReader({
        record: (type, _id, content) => lengths.set(type, (lengths.get(type) ?? 0) + content.length),
      });
      reader.read(sent());
      expect([...lengths]).toEqual([
        [1, 8],
        [4, params],
        [5, stdin],
      ]);
    }),
    { numRuns: 40 },
  );
});
