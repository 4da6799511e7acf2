// What the FastCGI specification 1.0 requires, in our own words, and the tests that prove it. `npm run docs:conformance`
// generates docs/conformance.md from it; requirements.test.ts checks both.

/** A test: its file below test/, and its title as in the source. */
export interface TestName {
  readonly file: string;
  readonly title: string;
}

/** One thing that the specification requires of one of the two sides. */
export interface Requirement {
  /** Which side. `src/client` and `src/gateway` are the Web server. */
  readonly of: "application" | "Web server";
  readonly says: string;
  /** Defaults to met; `differs` for a known difference, `elsewhere` for requirements out of scope. */
  readonly status?: "differs" | "elsewhere";
  /** What differs and why, or why it is out of scope. */
  readonly because?: string;
  readonly tests: readonly TestName[];
}

/** A section of the specification with its requirements. */
export interface Section {
  readonly number: string;
  readonly title: string;
  readonly requirements: readonly Requirement[];
}

/** Names tests of one file. */
function testsOf(name: string): (...titles: readonly string[]) => readonly TestName[] {
  return (...titles) => titles.map((title) => ({ file: `${name}.test.ts`, title }));
}

const everyChunking = testsOf("conformance/chunking");
const large = testsOf("long/large");
const multiplexing = testsOf("conformance/multiplexing");
const s22 = testsOf("conformance/section-2.2");
const s33 = testsOf("conformance/section-3.3");
const s35 = testsOf("conformance/section-3.5-5.1");
const s4 = testsOf("conformance/section-4");
const s52 = testsOf("conformance/section-5.2");
const s53 = testsOf("conformance/section-5.3");
const s54 = testsOf("conformance/section-5.4");
const s55 = testsOf("conformance/section-5.5");
const s61 = testsOf("conformance/section-6.1");
const s62 = testsOf("conformance/section-6.2");
const s63 = testsOf("conformance/section-6.3");
const s64 = testsOf("conformance/section-6.4");
const authorizerBridge = testsOf("bridges/authorizer/authorizer-bridge");
const allowedPeers = testsOf("server/allowed-peers");
const bodies = testsOf("protocol/bodies");
const clientAbort = testsOf("client/abort");
const clientMultiplexing = testsOf("client/multiplexing");
const connection = testsOf("server/connection");
const constants = testsOf("protocol/constants");
const fastCgiClient = testsOf("client/fastcgi-client");
const gatewayAuthorization = testsOf("gateway/authorization");
const gatewayFilter = testsOf("gateway/filter");
const gatewayParams = testsOf("gateway/cgi-params");
const gatewayPath = testsOf("gateway/request-path");
const gatewayResponder = testsOf("gateway/responder");
const listening = testsOf("serve/listening");
const nameValue = testsOf("protocol/name-value");
const requestHeaders = testsOf("http/request-headers");
const params = testsOf("protocol/params");
const plainCgi = testsOf("serve/cgi");
const recordReader = testsOf("protocol/record-reader");
const recordFormat = testsOf("protocol/record");
const recordLengths = testsOf("protocol/record-lengths");
const recordWriter = testsOf("protocol/record-writer");
const body = testsOf("body/body");
const server = testsOf("server/server");
const shutdown = testsOf("serve/shutdown");
const uncaught = testsOf("serve/uncaught");
const verdict = testsOf("roles/verdict");
const webServerSide = testsOf("protocol/web-server-side");
const zeroedBytes = testsOf("protocol/zeroed-bytes");

/** The specification, section by section. Sections 1, 3.1 and 9 require nothing. */
export const specification: readonly Section[] = [
  {
    number: "2.1",
    title: "Argument list",
    requirements: [
      {
        of: "application",
        says: "The Web server sets its argument list, which carries nothing of the protocol.",
        tests: [
          ...listening("takes a unix socket from descriptor 0"),
          ...plainCgi("ignores arguments, which are the client's (RFC 3875, section 4.4)"),
        ],
      },
    ],
  },
  {
    number: "2.2",
    title: "File descriptors",
    requirements: [
      {
        of: "application",
        says: "It accepts on descriptor 0 (FCGI_LISTENSOCK_FILENO), a listening unix or TCP socket.",
        tests: listening("takes a unix socket from descriptor 0", "takes a TCP socket from descriptor 0"),
      },
      {
        of: "application",
        says: "Descriptors 1 and 2 may be closed at the start.",
        tests: [
          ...s22("Section 2.2: an application that starts with descriptors 1 and 2 closed still serves"),
          ...listening(
            "spawn-fcgi starts an application in the background, where its standard output is closed",
          ),
        ],
      },
      {
        of: "application",
        says:
          "It distinguishes CGI from FastCGI by `getpeername` on descriptor 0, which fails with ENOTCONN on " +
          "a listening socket.",
        status: "differs",
        because:
          "Node.js has no `getpeername` for descriptors. On Linux /proc/net says whether descriptor 0 " +
          "listens; otherwise the environment of a CGI program decides. Elsewhere an address is required.",
        tests: [
          ...listening("prefers that socket to everything else", "says that a descriptor is not a socket"),
          ...plainCgi("answers a GET from its environment, and exits with 0"),
        ],
      },
    ],
  },
  {
    number: "2.3",
    title: "Environment variables",
    requirements: [
      {
        of: "application",
        says: "FCGI_WEB_SERVER_ADDRS is the only defined variable (section 3.2).",
        tests: [
          ...listening("refuses a peer that it does not name"),
          ...allowedPeers("is undefined if the variable is not set"),
        ],
      },
    ],
  },
  {
    number: "2.4",
    title: "Other state",
    requirements: [
      {
        of: "Web server",
        says: "It may choose user, group, priority, root and working folder of a process it starts.",
        status: "elsewhere",
        because: "The gateway starts no processes.",
        tests: [],
      },
    ],
  },
  {
    number: "3.2",
    title: "Accepting Transport Connections",
    requirements: [
      {
        of: "application",
        says: "If FCGI_WEB_SERVER_ADDRS is set, connections from other addresses are closed at once.",
        tests: [
          ...server("FCGI_WEB_SERVER_ADDRS is the default"),
          ...server("a peer that is not allowed is disconnected and logged"),
          ...allowedPeers("reads nothing from a peer that is not allowed and resets the connection"),
        ],
      },
      {
        of: "application",
        says: "Connections that are not TCP fail this check and are closed.",
        status: "differs",
        because:
          "A unix socket has no peer address; its owner and mode decide. libfcgi accepts it too. A process " +
          "started with both could serve no one.",
        tests: [
          ...server("FCGI_WEB_SERVER_ADDRS does not apply to unix sockets"),
          ...listening("accepts a peer that it names, and peers of a unix socket"),
        ],
      },
      {
        of: "application",
        says: "The list has IPv4 addresses, separated by commas.",
        status: "differs",
        because:
          "IPv6, networks (`10.0.0.0/8`) and spaces are accepted too. An empty or malformed list stops the " +
          "start.",
        tests: [
          ...allowedPeers(
            "accepts a list with commas and spaces (section 3.2)",
            "accepts single addresses and networks of both versions",
            "an IPv4 address is the same in its IPv6-mapped form, on both sides",
            "%j throws instead of allowing every peer",
          ),
        ],
      },
      {
        of: "application",
        says: "It may accept several connections.",
        tests: [
          ...testsOf("long/many-connections")(
            "1,100 connections at once, each with a request that waits, are all answered",
          ),
          ...server("connections above the limit are closed"),
        ],
      },
    ],
  },
  {
    number: "3.3",
    title: "Records",
    requirements: [
      {
        of: "application",
        says: "Records carry all data: a header of eight bytes, content of 0 to 65,535 bytes, padding of 0 to 255.",
        tests: [
          ...s33(
            "a request of literal bytes gets literal bytes",
            "records of the maximum length are read in STDIN",
          ),
          ...recordFormat(
            "writes the eight fields of the header in order (section 3.3)",
            "accepts 65,535 bytes, but not one more",
          ),
          ...recordLengths(
            "a record of 65,535 bytes with 255 bytes of padding is one record, for an application and for a Web server",
          ),
        ],
      },
      {
        of: "application",
        says: "The version is 1.",
        tests: s33(
          "version %i ends the connection and is reported with its code",
          "a wrong version after a request still lets that request be answered",
        ),
      },
      {
        of: "application",
        says: "Received padding is ignored.",
        tests: [
          ...s33("padding of every length and content is skipped"),
          ...recordReader("reads padding of any length and content", "reads an empty record that is padded"),
        ],
      },
      {
        of: "application",
        says: "Records should align to eight bytes.",
        tests: [
          ...s33("output is padded to eight bytes and cut at 65,528"),
          ...recordFormat("pads the content with zeroes to a multiple of eight"),
          ...zeroedBytes("an application's records contain no uninitialized bytes"),
        ],
      },
      {
        of: "application",
        says: "Request ids are per connection.",
        tests: [
          ...s33(
            "request id %i is served and echoed",
            "one id on two connections at once is two requests, each with its own input and answer",
          ),
          ...multiplexing(
            "32 requests of different speeds, interleaved in both directions, each get the right answer",
          ),
        ],
      },
      {
        of: "application",
        says: "BEGIN_REQUEST makes an id active, sending END_REQUEST inactive.",
        tests: s33(
          "an id is free again as soon as its END_REQUEST has been sent",
          "a second BEGIN_REQUEST for an active id is a protocol error",
        ),
      },
      {
        of: "application",
        says: "Records of inactive ids are ignored, except BEGIN_REQUEST.",
        tests: s33(
          "records of inactive ids are ignored, before, between and after requests",
          "an active request survives a flood of records for inactive ids",
        ),
      },
      {
        of: "application",
        says: "Management records have request id 0, others do not.",
        tests: [
          ...s33("%s with request id 0 is a protocol error"),
          ...s4("is answered in literal bytes with the requested names"),
        ],
      },
      {
        of: "application",
        says: "Unknown application record types are ignored.",
        tests: s33("application types that are unknown, or that only applications send, are ignored"),
      },
      {
        of: "application",
        says: "A stream's value does not depend on its division into records.",
        tests: [
          ...everyChunking(
            "a conversation is answered identically byte by byte",
            "a conversation is answered identically in any chunks",
          ),
          ...recordReader("any split of a stream of records gives the same records"),
          ...s53("STDIN arrives in records of any size, its end in an empty one"),
        ],
      },
      {
        of: "application",
        says: "A stream ends with an empty record; nothing may follow.",
        status: "differs",
        because:
          "A second end is accepted: nginx 1.22 sends one for empty PARAMS. Content after the end is a " +
          "protocol error. Its own streams are closed once, except STDERR: see 6.1.",
        tests: [
          ...s52(
            "a second end of PARAMS, as nginx sends it, is tolerated",
            "PARAMS after their end are a protocol error",
          ),
          ...s53(
            "a second end of STDIN is tolerated, before and after the answer",
            "STDIN after its end is a protocol error",
          ),
          ...recordWriter("queues nothing for an empty piece, and the end of the stream for an empty record"),
        ],
      },
      {
        of: "Web server",
        says: "It reuses ids and keeps them small.",
        tests: webServerSide(
          "are small, and used again only after END_REQUEST",
          "stay in use while an aborted request has not ended",
          "end at 65,535",
        ),
      },
      {
        of: "Web server",
        says: "Received padding is ignored, sent padding is zero; streams are joined from any division.",
        tests: [
          ...webServerSide(
            "interleaved answers are separated in any order and division",
            "a reader reads back what is sent, at any sizes",
          ),
          ...zeroedBytes("a Web server's records contain no uninitialized bytes"),
        ],
      },
      {
        of: "Web server",
        says: "(Unspecified: application records for an inactive id.)",
        status: "differs",
        because: "The connection is closed, so that no answer is taken for another request's.",
        tests: [...webServerSide("is refused if it is %s"), ...fastCgiClient("violates the protocol")],
      },
    ],
  },
  {
    number: "3.4",
    title: "Name-Value Pairs",
    requirements: [
      {
        of: "application",
        says:
          "A pair is two lengths, name and value. A length up to 127 has one byte, a longer one four with " +
          "the highest bit set.",
        tests: [
          ...nameValue("are encoded and decoded: %s", "are the same after encoding and decoding"),
          ...s52("lengths of one and of four bytes occur in all combinations"),
        ],
      },
      {
        of: "application",
        says: "Only lengths above 127 use four bytes.",
        status: "differs",
        because: "A short length in four bytes is read, never written.",
        tests: [
          ...s52("a short length that is written with four bytes is accepted"),
          ...nameValue("are decoded when a short length uses four bytes"),
        ],
      },
      {
        of: "application",
        says: "Values are binary, without encoding.",
        tests: [
          ...params("yields the original bytes"),
          ...s52("values that are not UTF-8 are read as Latin-1, byte for byte"),
          ...nameValue("are UTF-8 for text, and unchanged for bytes"),
        ],
      },
      {
        of: "application",
        says: "The receiver can allocate an announced length at once.",
        status: "differs",
        because:
          "No announced length is allocated. Pairs are decoded when the stream is complete; one that ends " +
          "inside a pair is a 400.",
        tests: [
          ...nameValue("is refused without an allocation when the length is forged: %s"),
          ...s52("params that end %s get 400 and the connection stays open"),
          ...recordLengths("%s are claimed: 400, no memory, and the connection lives on"),
        ],
      },
    ],
  },
  {
    number: "3.5",
    title: "Closing Transport Connections",
    requirements: [
      {
        of: "application",
        says: "The Web server decides how long a connection lives, and may close it when idle.",
        tests: [
          ...s35(
            "with FCGI_KEEP_CONN it stays open and is used again",
            "a reset after the answer logs nothing",
          ),
          ...connection("aborts active requests when the peer disappears, and closes their streams"),
        ],
      },
      {
        of: "application",
        says: "It closes the connection after a request without FCGI_KEEP_CONN.",
        tests: s35(
          "without it the application closes right after END_REQUEST",
          "a request without FCGI_KEEP_CONN lets the others on its connection finish first",
          "a streamed answer on a connection that closes arrives whole",
          "without it a peer that is still uploading gets the whole answer and no reset",
        ),
      },
      {
        of: "application",
        says: "It closes no other connection.",
        status: "differs",
        because:
          "It does after a protocol error, a broken answer, a peer's time-out in reading or sending, ten " +
          "idle minutes, and at shutdown.",
        tests: [
          ...connection(
            "closes an idle connection after its time-out, counted from the last request",
            "does not treat a connection as idle while a request is active",
          ),
          ...s33(
            "a protocol error refuses active requests, and the answer survives bytes that are still arriving",
          ),
          ...server("closes idle connections at once and accepts no more"),
          ...testsOf("server/limits")(
            "a peer that reads nothing of its answer is abandoned, and the producer stopped",
          ),
        ],
      },
      {
        of: "application",
        says: "After a connection has closed, it initiates a new one.",
        status: "elsewhere",
        because: "An application cannot connect; it accepts.",
        tests: connection("keeps serving after peers that disappear at each byte of a request"),
      },
      {
        of: "Web server",
        says: "It may close an idle connection.",
        tests: fastCgiClient(
          "is closed after being idle",
          "is closed after the answer if it is not kept alive",
        ),
      },
    ],
  },
  {
    number: "4.1",
    title: "FCGI_GET_VALUES, FCGI_GET_VALUES_RESULT",
    requirements: [
      {
        of: "application",
        says: "It answers with a GET_VALUES_RESULT of id 0 that has the values.",
        tests: s4(
          "is answered in literal bytes with the requested names",
          "ignores the values in the request",
        ),
      },
      {
        of: "application",
        says: "Unknown names are omitted.",
        tests: s4(
          "answers repeated names once, omits unknown names, and answers no names with an empty record",
        ),
      },
      {
        of: "application",
        says: "FCGI_MAX_CONNS is its number of connections.",
        tests: [...s4("reports the enforced limits"), ...server("connections above the limit are closed")],
      },
      {
        of: "application",
        says: "FCGI_MAX_REQS is its number of concurrent requests.",
        status: "differs",
        because:
          "It is the number per connection if that is smaller: HAProxy opens that many streams on one " +
          "connection.",
        tests: [
          ...s4("reports the enforced limits"),
          ...s55("a request above the limit of its connection gets OVERLOADED and 503"),
        ],
      },
      {
        of: "application",
        says: "FCGI_MPXS_CONNS is 1 if it multiplexes, else 0.",
        tests: s4(
          "reports no multiplexing if the limit is one request at a time",
          "reports the enforced limits",
        ),
      },
      {
        of: "application",
        says: "The library, not the application, answers, at any time.",
        tests: [
          ...s4("is answered at any time, also during a request"),
          ...multiplexing("unread answers to GET_VALUES and unknown management records are bounded too"),
        ],
      },
      {
        of: "Web server",
        says: "It asks with empty values, and uses the answer.",
        tests: [
          ...webServerSide("asks by name, and reads the answers in order"),
          ...clientMultiplexing(
            "GET_VALUES is sent once, with the first request of a connection",
            "if the application supports it, with answers in any order",
            "up to FCGI_MAX_REQS; further ones wait for an id",
            "and FCGI_MAX_CONNS limits the connections",
          ),
        ],
      },
    ],
  },
  {
    number: "4.2",
    title: "FCGI_UNKNOWN_TYPE",
    requirements: [
      {
        of: "application",
        says: "It answers an unknown management type with UNKNOWN_TYPE and that type.",
        tests: s4("echoes management type %i", "is sent during a request as well"),
      },
      {
        of: "application",
        says: "(Unspecified: UNKNOWN_TYPE and GET_VALUES_RESULT sent to an application.)",
        status: "differs",
        because: "They get no answer, so that two sides never answer each other forever.",
        tests: s4("%s from a Web server is ignored"),
      },
      {
        of: "Web server",
        says: "UNKNOWN_TYPE in answer to GET_VALUES leaves its limits unknown.",
        tests: [
          ...webServerSide(
            "is answered without values by an application that does not support it (section 4.2)",
          ),
          ...clientMultiplexing("if the application does not support GET_VALUES"),
        ],
      },
    ],
  },
  {
    number: "5.1",
    title: "FCGI_BEGIN_REQUEST",
    requirements: [
      {
        of: "application",
        says: "The body has role, flags and five reserved bytes.",
        tests: [
          ...bodies("is decoded with any reserved bits and bytes", "a body of seven bytes is refused: %s"),
          ...s33("a BEGIN_REQUEST shorter than its body is a protocol error, a longer one is read"),
        ],
      },
      {
        of: "application",
        says: "Without FCGI_KEEP_CONN it closes the connection after its answer.",
        tests: s35(
          "without it the application closes right after END_REQUEST",
          "without it a request whose STDIN is never closed is still answered and half-closed",
          "without it the unread bodies of several requests are all drained",
        ),
      },
      {
        of: "application",
        says: "With FCGI_KEEP_CONN it does not.",
        tests: s35(
          "with FCGI_KEEP_CONN it stays open and is used again",
          "with it an unread body is drained and the connection used again",
          "flags other than FCGI_KEEP_CONN change nothing",
        ),
      },
      {
        of: "Web server",
        says: "A request begins with BEGIN_REQUEST: role and flags.",
        tests: [
          ...fastCgiClient(
            "are those of a responder on a kept connection",
            "are those of an authorizer: PARAMS and an empty STDIN, not kept",
            "are those of a filter: STDIN, then DATA",
          ),
          ...webServerSide("is refused for role %d"),
        ],
      },
    ],
  },
  {
    number: "5.2",
    title: "FCGI_PARAMS",
    requirements: [
      {
        of: "application",
        says: "Pairs come in any order, split anywhere.",
        tests: [
          ...s52("pairs may be split anywhere between records", "empty params are a request for the root"),
          ...params("PARAMS divided anywhere are the same when joined"),
        ],
      },
      {
        of: "application",
        says: "(Unspecified: repeated names.)",
        status: "differs",
        because:
          "A variable's last value counts, a header field's (`HTTP_…`) first, which a client cannot replace " +
          "by a second; all are available. HTTP_PROXY is dropped (CVE-2016-5385).",
        tests: [
          ...params(
            "yields the last value of a repeated name, and all of them when asked",
            "yields the first value of a repeated header field, which a client can add to, however often it is requested",
            "drops HTTP_PROXY in every way to read it (CVE-2016-5385)",
          ),
          ...requestHeaders("joins repeated fields, so that a forged second value matches neither"),
        ],
      },
      {
        of: "Web server",
        says: "PARAMS are sent complete and closed.",
        tests: webServerSide("is BEGIN_REQUEST, PARAMS, STDIN for a responder (section 6.2)"),
      },
    ],
  },
  {
    number: "5.3",
    title: "FCGI_STDIN, FCGI_DATA, FCGI_STDOUT, FCGI_STDERR",
    requirements: [
      {
        of: "application",
        says: "STDIN and DATA carry any bytes, of any length.",
        tests: [
          ...s53(
            "STDIN arrives in records of any size, its end in an empty one",
            "STDIN may arrive before the end of PARAMS",
            "DATA is ignored in a role that does not use it",
          ),
          ...large("uploaded to a handler that streams it"),
        ],
      },
      {
        of: "application",
        says: "STDOUT carries any bytes, STDERR error text.",
        tests: [
          ...large("produced by a generator, and read as fast as it comes"),
          ...s55("an error reaches the client as 500 and STDERR in one line without secrets"),
        ],
      },
      {
        of: "Web server",
        says: "It reads STDOUT and STDERR interleaved.",
        tests: [
          ...webServerSide("is STDOUT, STDERR and END_REQUEST (section 5.5)", "goes to its request"),
          ...fastCgiClient("has a status, a reason, fields in order, a body and STDERR"),
        ],
      },
    ],
  },
  {
    number: "5.4",
    title: "FCGI_ABORT_REQUEST",
    requirements: [
      {
        of: "application",
        says: "After an abort it sends END_REQUEST with REQUEST_COMPLETE as soon as possible.",
        tests: s54(
          "%s ends the request soon and once",
          "an ABORT in the same write as its request ends it too",
          "a stream that the peer does not read is also ended",
          "after the answer it is ignored",
        ),
      },
      {
        of: "application",
        says: "That is the application's answer, not the library's acknowledgement.",
        status: "differs",
        because:
          "A handler that listens to its `signal` answers within a second. Otherwise the library ends the " +
          "request with application status 1.",
        tests: s54(
          "a handler that listens may still answer, and its answer counts",
          "a handler that listens but does not settle is abandoned after the grace period",
          "the signal has a reason, and later writes are dropped",
        ),
      },
      {
        of: "application",
        says: "An abort ends in a bare END_REQUEST.",
        status: "differs",
        because:
          "An authorizer denies with a complete 503 first: lighttpd takes an empty answer for allowed.",
        tests: s54("an authorizer request is denied explicitly %s"),
      },
      {
        of: "application",
        says: "Other requests on the connection are not aborted.",
        tests: s54("siblings of an aborted request are not affected"),
      },
      {
        of: "application",
        says: "Closing a connection with one request aborts it.",
        tests: [
          ...connection("aborts active requests when the peer disappears, and closes their streams"),
          ...testsOf("server/limits")("aborts the handler's signal"),
        ],
      },
      {
        of: "Web server",
        says: "If its client leaves, it sends ABORT_REQUEST on a shared or kept connection, else closes it.",
        tests: [
          ...clientAbort(
            "sends ABORT_REQUEST on a kept connection, which stays usable (section 5.4)",
            "closes a connection that is not kept alive",
            "of one request does not affect the others on the connection",
          ),
          ...gatewayResponder("%s aborts the request"),
        ],
      },
    ],
  },
  {
    number: "5.5",
    title: "FCGI_END_REQUEST",
    requirements: [
      {
        of: "application",
        says: "One END_REQUEST ends each request, processed or refused.",
        tests: s55(
          "a small answer is one STDOUT record, the end of STDOUT and END_REQUEST",
          "STDOUT is closed and END_REQUEST sent once for %s",
          "an exchange of a custom role can be ended only once",
          "a slow handler is answered 504, an authorizer denied",
          "PARAMS that do not end in time are refused",
        ),
      },
      {
        of: "application",
        says: "END_REQUEST also ends a request with an incomplete answer.",
        status: "differs",
        because:
          "Web servers ignore the application status and would take a part for the whole. A connection " +
          "without other active requests is closed without the end of STDOUT and END_REQUEST. Some, such as " +
          "Caddy and nginx without `fastcgi_keep_conn`, accept even that, so the last eight bytes are the " +
          "header of a record of version 255, an error to every server. Beside other requests the answer " +
          "ends with application status 1.",
        tests: [
          ...s61(
            "an aborted answer on a connection that will close ends with a record of an invalid version",
          ),
          ...s55(
            "a stream that fails alone on its connection aborts it: no END_REQUEST completes the partial answer",
            "a stream that fails beside other requests ends with application status 1 and does not affect them",
          ),
        ],
      },
      {
        of: "application",
        says: "The application status has 32 bits.",
        tests: s55("the application status of a reply is carried, up to 32 bits"),
      },
      {
        of: "application",
        says: "CANT_MPX_CONN refuses a second request if it does not multiplex.",
        tests: s55("if the limit is one request at a time, a second gets CANT_MPX_CONN"),
      },
      {
        of: "application",
        says: "OVERLOADED refuses a request for lack of a resource.",
        tests: s55(
          "a request above the limit of its connection gets OVERLOADED and 503",
          "incomplete requests count: BEGIN_REQUEST alone occupies a slot",
          "the limit of the whole server applies within one chunk and across connections",
        ),
      },
      {
        of: "application",
        says: "UNKNOWN_ROLE refuses an unsupported role.",
        tests: s55(
          "an unimplemented role gets UNKNOWN_ROLE at once",
          "a role beyond the three gets UNKNOWN_ROLE in END_REQUEST alone, without STDOUT or STDERR",
        ),
      },
      {
        of: "application",
        says: "A refusal is END_REQUEST alone.",
        status: "differs",
        because:
          "Only for roles beyond the three. Apache takes an empty answer for an empty 200, so a responder or filter " +
          "sends a Status (500 or 503) and a body first. An authorizer denies, with REQUEST_COMPLETE: " +
          "lighttpd takes END_REQUEST without output for allowed.",
        tests: s55(
          "a role beyond the three gets UNKNOWN_ROLE in END_REQUEST alone, without STDOUT or STDERR",
          "a responder request without responders gets UNKNOWN_ROLE, and 500 for servers that ignore that",
          "a request above the limit of its connection gets OVERLOADED and 503",
          "every refusal of an authorizer request is an explicit denial",
        ),
      },
      {
        of: "Web server",
        says: "It reads both statuses; a refused request is not answered.",
        tests: [
          ...webServerSide("is STDOUT, STDERR and END_REQUEST (section 5.5)"),
          ...fastCgiClient("is %s without output"),
          ...clientMultiplexing("after the application refuses one; the refused request is sent again"),
        ],
      },
    ],
  },
  {
    number: "6.1",
    title: "Role Protocols",
    requirements: [
      {
        of: "application",
        says: "Inputs come one after the other.",
        status: "differs",
        because: "Any order is read.",
        tests: s53(
          "STDIN and DATA of a filter arrive in any order, interleaved",
          "STDIN may arrive before the end of PARAMS",
        ),
      },
      {
        of: "application",
        says: "STDOUT and STDERR may be interleaved.",
        tests: s61("STDOUT and STDERR are sent in the order of writing; STDERR is not closed"),
      },
      {
        of: "application",
        says: "Without errors STDERR has no record, or an empty one.",
        tests: s61("a request without errors has no STDERR at all"),
      },
      {
        of: "application",
        says: "Used STDERR is closed by an empty record.",
        status: "differs",
        because:
          "It is not: Jetty takes that for the end of the answer. END_REQUEST ends it too, and no Web server " +
          "waits for more.",
        tests: s61("STDOUT and STDERR are sent in the order of writing; STDERR is not closed"),
      },
      {
        of: "application",
        says: "Every other stream is closed, even if empty.",
        tests: s55("STDOUT is closed and END_REQUEST sent once for %s"),
      },
      {
        of: "application",
        says: "It may write when all inputs but the last have come.",
        tests: [
          ...s62("%s: the same if STDIN arrives after the handler has started"),
          ...s64("a file is transformed while it arrives"),
        ],
      },
      {
        of: "application",
        says: "Status and Location set the status; there are no non-parsed headers.",
        tests: s62(
          "a status line comes first in every answer, and the header block is complete in its record",
        ),
      },
      {
        of: "Web server",
        says: "Every stream of the role is sent and closed, even if empty.",
        tests: [
          ...webServerSide(
            "has STDIN and DATA for a filter (section 6.4)",
            "closes open streams when END_REQUEST arrives early, so that the id can be used again",
          ),
          ...gatewayFilter("may be empty, large, or unread"),
        ],
      },
      {
        of: "Web server",
        says: "Text in PARAMS has no NUL.",
        tests: gatewayPath("refuses %j"),
      },
      {
        of: "Web server",
        says: "Status and Location set the status; there are no non-parsed headers.",
        tests: [
          ...gatewayResponder("is 200 without Status, and 302 with a Location alone"),
          ...gatewayAuthorization("is not served if the authorizer %s"),
        ],
      },
    ],
  },
  {
    number: "6.2",
    title: "Responder",
    requirements: [
      {
        of: "application",
        says: "PARAMS carry the variables of CGI/1.1.",
        tests: [
          ...requestHeaders("reads the two fields that CGI passes without a prefix"),
          ...params("finds values by name; empty is not absent"),
        ],
      },
      {
        of: "application",
        says: "It must not write before the end of PARAMS.",
        status: "differs",
        because:
          "No handler runs before, but an unknown role, too many requests, and PARAMS above their limits or " +
          "late are refused at once.",
        tests: [
          ...s61("nothing is sent before PARAMS have ended, even if STDIN has"),
          ...s52("params above the limit in bytes get 431 at once, before they end"),
          ...s55(
            "an unimplemented role gets UNKNOWN_ROLE at once",
            "PARAMS that do not end in time are refused",
          ),
        ],
      },
      {
        of: "application",
        says: "It may write before it has read STDIN.",
        tests: [
          ...s62("an unread body is not compared"),
          ...multiplexing("an unread body does not block its siblings"),
          ...s35("with it an unread body is drained and the connection used again"),
        ],
      },
      {
        of: "application",
        says: "STDIN has at most CONTENT_LENGTH bytes, fewer only if the client failed.",
        status: "differs",
        because:
          "If CONTENT_LENGTH is absent, empty, -1 or beside Transfer-Encoding, as nginx, Jetty and Caddy " +
          "send it, the end of STDIN counts. Other non-numbers are refused.",
        tests: s62(
          "if it is %s, the end of STDIN counts",
          "if it is %s, the request is a 400 before a handler runs",
        ),
      },
      {
        of: "application",
        says: "One that updates data should compare both and give up if they differ.",
        tests: [
          ...s62(
            "%s: STDIN shorter or longer than CONTENT_LENGTH is refused with 400",
            "a body found too short while it is passed on aborts the answer",
          ),
          ...body("refuses a body %s than CONTENT_LENGTH (section 6.2)"),
        ],
      },
      {
        of: "application",
        says: "END_REQUEST follows STDOUT and STDERR, with REQUEST_COMPLETE and a CGI program's exit status.",
        tests: [
          ...s55(
            "a small answer is one STDOUT record, the end of STDOUT and END_REQUEST",
            "the application status of a reply is carried, up to 32 bits",
          ),
          ...plainCgi("exits with the application status"),
        ],
      },
      {
        of: "Web server",
        says: "It sends CGI/1.1 PARAMS, then CONTENT_LENGTH bytes of STDIN.",
        tests: [
          ...gatewayParams(
            "are those of CGI/1.1",
            "have CONTENT_LENGTH and CONTENT_TYPE of the body, and mark a chunked one",
          ),
          ...gatewayResponder("that is aborted aborts the request"),
        ],
      },
    ],
  },
  {
    number: "6.3",
    title: "Authorizer",
    requirements: [
      {
        of: "application",
        says: "It decides by PARAMS.",
        tests: s63(
          "it is decided at the end of PARAMS, with or without STDIN",
          "%j is denied by the stricter one, not admitted by the general one",
          "what a client can append to a script's name does not choose the authorizer",
        ),
      },
      {
        of: "application",
        says: "Status 200 allows; `Variable-` fields hand on variables.",
        tests: [
          ...s63(
            "allow is 200 with Variable-* only, in one record",
            "all that match must allow; their variables are merged",
            "variables that look harmless in UTF-16 cannot end a line as bytes",
          ),
          ...verdict("refuses the name %j", "refuses the value %j"),
        ],
      },
      {
        of: "application",
        says: "Any other status denies; its fields and content go to the client.",
        tests: s63("a denial is sent unchanged", "challenge and redirect are denials"),
      },
      {
        of: "application",
        says: "Any status but 200 may deny.",
        status: "differs",
        because: "Only 300 to 599: nginx takes every 2xx for allowed; an interim status decides nothing.",
        tests: verdict("refuses status %s, which a server could treat as allowed"),
      },
      {
        of: "application",
        says: "(Unspecified: an authorizer that fails or does not decide.)",
        status: "differs",
        because:
          "An explicit denial: status line first, complete header block, REQUEST_COMPLETE; never a bare " +
          "END_REQUEST, UNKNOWN_ROLE or OVERLOADED, which lighttpd treats as allowed.",
        tests: [
          ...s63(
            "one that %s",
            "no authorizer at all, or none for the path",
            "one that exceeds its time limit, and its later decision is ignored",
            "one that decides during shutdown",
            "before its PARAMS have ended asks no authorizer, and gets no answer",
          ),
          ...s55("every refusal of an authorizer request is an explicit denial"),
          ...s54("an authorizer request is denied explicitly %s"),
        ],
      },
      {
        of: "application",
        says: "(Unspecified: a Web server that closes its sending side and waits.)",
        status: "differs",
        because:
          "It gets its answer, even an allow, if the request was complete and the answer comes within " +
          "`timeouts.halfClosed`. An incomplete one is denied.",
        tests: [
          ...s63(
            "during the decision still gets its answer, also an allow",
            "during the decision still gets its denial",
          ),
          ...authorizerBridge(
            "of a peer that half-closes meanwhile is still answered, also with allow",
            "that is incomplete when its peer half-closes gets no allow",
          ),
        ],
      },
      {
        of: "Web server",
        says: "It sends no CONTENT_LENGTH, PATH_INFO, PATH_TRANSLATED and SCRIPT_NAME.",
        tests: gatewayParams(
          "are the same without CONTENT_LENGTH, PATH_INFO, PATH_TRANSLATED and SCRIPT_NAME",
        ),
      },
      {
        of: "Web server",
        says: "On 200 it lets the request pass, perhaps after other checks, and ignores all but `Variable-` fields.",
        tests: gatewayAuthorization(
          "is served if the authorizer answers 200, and kept out of shared caches",
          "is not served if the authorizer %s",
        ),
      },
      {
        of: "Web server",
        says: "It passes the variables to what serves the request.",
        tests: gatewayAuthorization(
          "go to responders and filters, in upper case without their prefix",
          "replace none of the gateway's variables",
        ),
      },
      {
        of: "Web server",
        says: "On any other status it sends status, fields and content to the client.",
        tests: gatewayAuthorization(
          "answers with status, headers and body of the denial",
          "is not served for the answer %j, which goes to the client",
        ),
      },
    ],
  },
  {
    number: "6.4",
    title: "Filter",
    requirements: [
      {
        of: "application",
        says: "FCGI_DATA_LENGTH and FCGI_DATA_LAST_MOD describe the file; it may answer without reading it.",
        tests: s64(
          "validators avoid reading the file",
          "unread DATA is drained, and the connection used again",
          "FCGI_DATA_LENGTH that is %s is refused before the filter runs",
        ),
      },
      {
        of: "application",
        says: "It must not write before the end of STDIN.",
        status: "differs",
        because:
          "A filter that needs no STDIN, or answers from a cache, answers at once; one that needs it reads " +
          "it first.",
        tests: s61("a filter that needs no STDIN answers before its end"),
      },
      {
        of: "application",
        says: "It may write before it has read DATA.",
        tests: s64("a file is transformed while it arrives"),
      },
      {
        of: "application",
        says: "It should compare DATA with FCGI_DATA_LENGTH, and report a difference or give up.",
        tests: s64(
          "DATA that is %s is a 500 if the answer has not begun",
          "DATA that is %s aborts an answer that has begun: no END_REQUEST",
          "beside other requests it ends with application status 1",
          "a peer that disappears during DATA is not treated as the end of the file",
        ),
      },
      {
        of: "application",
        says: "It should compare STDIN with CONTENT_LENGTH.",
        tests: [
          ...body("errors for a body %s than CONTENT_LENGTH (section 6.2)"),
          ...s62("an unread body is not compared"),
        ],
      },
      {
        of: "Web server",
        says: "It sends PARAMS with the two variables, STDIN, DATA.",
        tests: [
          ...gatewayFilter(
            "is sent as DATA with its length, its time and its names",
            "arrives with the request body as STDIN",
            "that shrinks during reading aborts the request",
          ),
          ...fastCgiClient("are those of a filter: STDIN, then DATA"),
        ],
      },
    ],
  },
  {
    number: "7",
    title: "Errors",
    requirements: [
      {
        of: "application",
        says: "Exit status 0 means a planned end, another a crash.",
        tests: [
          ...shutdown("ends an idle application, which starts and stops what is injected in order"),
          ...uncaught("is logged, active requests are finished, and the process exits with 1"),
        ],
      },
      {
        of: "application",
        says: "SIGTERM asks it to exit.",
        tests: shutdown(
          "finishes active requests, accepts no new ones, and exits with 0: %s",
          "gives slow handlers the shutdown time-out, and then answers as their roles require",
        ),
      },
      {
        of: "application",
        says: "STDERR and the application status report a request's errors; STDOUT often informs the client.",
        status: "differs",
        because:
          "STDERR and a Status 500 do. The application status is 0 if the answer is complete, since Jetty " +
          "and OpenLiteSpeed replace others; it is 1 if it is lost.",
        tests: s55(
          "an error reaches the client as 500 and STDERR in one line without secrets",
          "a stream that fails beside other requests ends with application status 1 and does not affect them",
          "a custom role that throws or rejects ends with application status 1",
        ),
      },
      {
        of: "application",
        says: "Protocol errors and wrong variables go to syslog; it continues, or exits with another status than 0.",
        status: "differs",
        because:
          "They go to the application's log, by default descriptor 2: the journal, or the error log of the " +
          "Web server that started it.",
        tests: [
          ...s33("version %i ends the connection and is reported with its code"),
          ...server("FCGI_WEB_SERVER_ADDRS of %j prevents the start"),
          ...listening("says what is wrong with its environment before anything has started"),
        ],
      },
    ],
  },
  {
    number: "8",
    title: "Types and Constants",
    requirements: [
      {
        of: "application",
        says: "Numbers of types, roles, flags and statuses; names of values.",
        tests: constants(
          "the numbers are those of section 8",
          "roleName names the three roles and numbers the others",
        ),
      },
    ],
  },
  {
    number: "A, B",
    title: "Properties of the record types, message flow",
    requirements: [
      {
        of: "application",
        says: "It gets only a Web server's records.",
        tests: s33("application types that are unknown, or that only applications send, are ignored"),
      },
      {
        of: "Web server",
        says: "It gets only an application's records.",
        tests: webServerSide("is refused if it is %s", "may have an unknown type"),
      },
      {
        of: "application",
        says: "Requests on a shared connection may finish in any order.",
        tests: multiplexing("a slow request does not delay a fast one, or the reverse"),
      },
    ],
  },
];
