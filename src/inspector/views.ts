// What the page gets as JSON. All texts are for display: secrets are masked, long texts are cut.

/** A text whose secrets are masked. */
export interface ShownText {
  readonly text: string;
  /** Whether a part of it is masked. */
  readonly masked: boolean;
}

/** A name with a value: a variable, a header field, or a fact. */
export interface ShownPair extends ShownText {
  readonly name: string;
}

/** What the application was asked, and what came of it. */
export interface RoleSummary {
  /** "authorizer", "responder", "filter". */
  readonly role: string;
  readonly outcome: "asked" | "allowed" | "denied" | "responded" | "failed";
  /** Of a denial or a response. */
  readonly status: number | undefined;
}

/** One HTTP request in the list. */
export interface RequestSummary {
  readonly number: number;
  /** When it arrived, in milliseconds since 1970. */
  readonly date: number;
  readonly method: string;
  readonly target: string;
  readonly replayOf: number | undefined;
  readonly roles: readonly RoleSummary[];
  readonly state: "active" | "complete" | "incomplete";
  readonly status: number | undefined;
  /** From its arrival to the end of its response, in milliseconds. */
  readonly duration: number | undefined;
  /** Whether the application wrote to STDERR. */
  readonly hasStderr: boolean;
}

/** What an event says: all requests that are kept, or what has changed since the last event. */
export type LiveEvent =
  | { readonly kind: "all"; readonly requests: readonly RequestSummary[] }
  | {
      readonly kind: "changes";
      readonly requests: readonly RequestSummary[];
      /** Numbers of requests that are no longer kept. */
      readonly dropped: readonly number[];
    };

/** Whether a request can be sent again. */
export type Replay = { readonly possible: true } | { readonly possible: false; readonly reason: string };

/** One HTTP request with all that belongs to it. */
export interface RequestDetail extends RequestSummary {
  readonly fields: readonly ShownPair[];
  readonly questions: readonly QuestionDetail[];
  /** Why there is no response, or no complete one. */
  readonly failure: string | undefined;
  readonly replay: Replay;
}

/** A variable that an authorizer has set. */
export interface PassedVariable extends ShownPair {
  /** The field as the authorizer sent it: `Variable-AUTH_USER`. */
  readonly field: string;
  /** Whether the gateway passed it on: it does not accept names that only a Web server sets. */
  readonly passed: boolean;
}

/** A question to the application. */
export interface QuestionDetail extends RoleSummary {
  /** Of an authorizer. */
  readonly variables: readonly PassedVariable[];
  /** Each attempt; more than one if a kept connection turned out to be closed. */
  readonly conversations: readonly ConversationDetail[];
}

/** The records of one request on a connection. */
export interface ConversationDetail {
  readonly number: number;
  /** The number of its connection. */
  readonly connection: number;
  readonly requestId: number;
  readonly records: readonly RecordSummary[];
  /** Records that are not listed because there are too many. */
  readonly unlisted: number;
  readonly stderr: ShownText | undefined;
  /** When the connection was closed, in milliseconds since the HTTP request arrived. */
  readonly closed: number | undefined;
  /** Management records of the connection, and bytes that are no records, during the conversation. */
  readonly management: NeighbourDetail | undefined;
  /** Other requests on the connection during the conversation. */
  readonly neighbours: readonly NeighbourDetail[];
}

/** Records beside those of a conversation. */
export interface NeighbourDetail {
  readonly number: number;
  /** The number of the HTTP request; undefined for management records. */
  readonly request: number | undefined;
  readonly role: string | undefined;
  readonly requestId: number;
  readonly records: readonly RecordSummary[];
}

/** One record in a conversation. */
export interface RecordSummary {
  /** Its position among the records of its conversation, from 0. */
  readonly index: number;
  /** In milliseconds since the HTTP request arrived. */
  readonly at: number;
  /** Its position among all records of its connection, both ways. */
  readonly order: number;
  readonly direction: "sent" | "received";
  /** The name in the specification without FCGI_, such as "BEGIN_REQUEST". */
  readonly type: string;
  readonly length: number;
  readonly padding: number;
  /** What the content says, in a few words: "responder, keep the connection". */
  readonly gist: string;
}

/** The content of one record. */
export interface RecordDetail extends RecordSummary {
  readonly requestId: number;
  /** The eight bytes of its header, as hexadecimal digits; empty for bytes that are no record. */
  readonly header: string;
  /** Decoded fields of a body of fixed size, or name-value pairs. */
  readonly pairs: readonly ShownPair[];
  /** Lines of a CGI header block. */
  readonly head: readonly ShownPair[];
  /** The rest of the content as text; undefined if it is not text. */
  readonly body: ShownText | undefined;
  /** Its first bytes: two hexadecimal digits for each, "··" for a masked one. */
  readonly bytes: readonly string[];
  /** Bytes of its content that were not kept. */
  readonly missing: number;
  /** Bytes of its content that were kept, but are not in `body`. */
  readonly cut: number;
}
