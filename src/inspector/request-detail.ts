import { TricornError } from "../errors.js";
import { NULL_REQUEST_ID, RecordType, roleName } from "../protocol/constants.js";
import { Params } from "../protocol/params.js";
import { ConversationContent, quotableSecrets } from "./conversation-content.js";
import type { Conversation, RecordedRecord } from "./conversation.js";
import type { ExchangeRecording, RoleQuestion } from "./exchange-recording.js";
import { recordSummary } from "./record-summary.js";
import { replayOf } from "./replay-source.js";
import { requestSummary, roleSummary } from "./request-summary.js";
import type { SecretNames } from "./secret-spans.js";
import { joinedSpans, occurrences } from "./spans.js";
import { shownPair, shownText, within } from "./shown.js";
import type {
  ConversationDetail,
  NeighbourDetail,
  PassedVariable,
  QuestionDetail,
  RecordSummary,
  RequestDetail,
  ShownPair,
} from "./views.js";

/** What a request is shown with. */
export interface RequestDetailSource {
  readonly names: SecretNames;
  /** Names of secrets that the application declares. */
  readonly declared: readonly string[];
  /** All requests that are kept, to find those on the same connection. */
  readonly exchanges: readonly ExchangeRecording[];
}

/** The most records of another request, or of the management, beside those of a conversation. */
const NEIGHBOUR_RECORDS = 100;
const NEIGHBOURS = 20;

const VARIABLE = "variable-";

/** Describes a request with its conversations. */
export function requestDetail(exchange: ExchangeRecording, source: RequestDetailSource): RequestDetail {
  return {
    ...requestSummary(exchange, source.names),
    fields: fieldsOf(exchange, source),
    questions: exchange.questions.map((question) => questionDetail(question, source)),
    failure: failureOf(exchange.failure),
    replay: replayOf(exchange),
  };
}

/** The content of a conversation, decoded for a viewer. */
export function contentFor(
  conversation: Conversation,
  {
    role,
    source,
  }: { readonly role: number | undefined; readonly source: Omit<RequestDetailSource, "exchanges"> },
): ConversationContent {
  return new ConversationContent({ conversation, role, names: source.names, declared: source.declared });
}

/** The header fields of the HTTP request. */
function fieldsOf(
  { target, rawHeaders }: ExchangeRecording,
  { names, declared }: RequestDetailSource,
): readonly ShownPair[] {
  const fields: [name: string, value: Buffer][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    fields.push([rawHeaders[at]!, Buffer.from(rawHeaders[at + 1]!, "latin1")]);
  const variables = fields.map(([name, value]) => [variableOf(name), value] as const);
  const secrets = quotableSecrets(Params.from([["REQUEST_URI", target], ...variables]), declared);
  return fields.map(([name, value]) => {
    const own = joinedSpans(names.inValue(variableOf(name), value.toString("latin1")));
    const masks = own.length > 0 ? own : joinedSpans(occurrences(value, secrets));
    return shownPair(Buffer.from(name, "latin1"), value, masks);
  });
}

/** The variable of a header field (RFC 3875, section 4.1.18). */
function variableOf(field: string): string {
  return `HTTP_${field.toUpperCase().replaceAll("-", "_")}`;
}

function failureOf(failure: unknown): string | undefined {
  if (failure === undefined) return undefined;
  if (failure instanceof TricornError) return `${failure.code}: ${failure.message}`;
  return failure instanceof Error ? failure.message : "it failed";
}

function questionDetail(question: RoleQuestion, source: RequestDetailSource): QuestionDetail {
  const { exchange, conversations, role } = question;
  return {
    ...roleSummary(exchange, question),
    variables: variablesOf(question, source),
    conversations: conversations.map((conversation) => {
      const content = contentFor(conversation, { role, source });
      return conversationDetail(conversation, { content, exchange, source });
    }),
  };
}

/** The `Variable-*` fields of an authorizer that allowed, as they came, and whether each was passed on. */
function variablesOf(question: RoleQuestion, source: RequestDetailSource): readonly PassedVariable[] {
  const { result, role } = question;
  const conversation = question.conversations.at(-1);
  if (result?.kind !== "allowed" || conversation === undefined) return [];
  const content = contentFor(conversation, { role, source });
  const masks = content.masks(RecordType.Stdout, "received");
  return content.decoded(RecordType.Stdout, "received").pairs.flatMap(({ name, value, valueStart }) => {
    const field = name.toString("latin1");
    if (!field.toLowerCase().startsWith(VARIABLE)) return [];
    const variable = field
      .slice(VARIABLE.length)
      .replaceAll(/[^0-9A-Za-z]/g, "_")
      .toUpperCase();
    const { text, masked } = shownPair(name, value, within(masks, valueStart));
    return [{ field, name: variable, text, masked, passed: result.variables.has(variable) }];
  });
}

interface ConversationSource {
  readonly content: ConversationContent;
  readonly exchange: ExchangeRecording;
  readonly source: RequestDetailSource;
}

function conversationDetail(
  conversation: Conversation,
  { content, exchange, source }: ConversationSource,
): ConversationDetail {
  const { records, count, connection, number } = conversation;
  const begin = exchange.time;
  const stderr = content.bytesOf(RecordType.Stderr, "received");
  return {
    number,
    connection: connection.number,
    requestId: records[0]?.requestId ?? NULL_REQUEST_ID,
    records: records.map((record, index) => recordSummary(record, { content, index, begin })),
    unlisted: count - records.length,
    stderr: stderr.length === 0 ? undefined : shownText(stderr, content.masks(RecordType.Stderr, "received")),
    closed: connection.closedTime === undefined ? undefined : connection.closedTime - begin,
    management: managementDetail(conversation, { exchange, source }),
    neighbours: neighboursOf(conversation, { exchange, source }),
  };
}

interface NeighbourSource {
  readonly exchange: ExchangeRecording;
  readonly source: RequestDetailSource;
}

function managementDetail(
  conversation: Conversation,
  { exchange, source }: NeighbourSource,
): NeighbourDetail | undefined {
  const { management } = conversation.connection;
  const records = recordsDuring(conversation, management, { role: undefined, exchange, source });
  if (records.length === 0) return undefined;
  return {
    number: management.number,
    request: undefined,
    role: undefined,
    requestId: NULL_REQUEST_ID,
    records,
  };
}

function neighboursOf(
  conversation: Conversation,
  { exchange, source }: NeighbourSource,
): readonly NeighbourDetail[] {
  const neighbours: NeighbourDetail[] = [];
  for (const other of source.exchanges) {
    for (const { conversations, role } of other.questions) {
      for (const neighbour of conversations) {
        if (neighbour === conversation || neighbour.connection !== conversation.connection) continue;
        const records = recordsDuring(conversation, neighbour, { role, exchange, source });
        if (records.length === 0 || neighbours.length >= NEIGHBOURS) continue;
        neighbours.push({
          number: neighbour.number,
          request: other.number,
          role: roleName(role),
          requestId: neighbour.records[0]!.requestId,
          records,
        });
      }
    }
  }
  return neighbours;
}

/** The records of another conversation from the first record of this one until its end. */
function recordsDuring(
  conversation: Conversation,
  other: Conversation,
  { role, exchange, source }: NeighbourSource & { readonly role: number | undefined },
): readonly RecordSummary[] {
  const [first] = conversation.records;
  if (first === undefined) return [];
  const content = contentFor(other, { role, source });
  const hasEnded = conversation.contentsOf(RecordType.EndRequest, "received") !== undefined;
  const last = hasEnded ? conversation.lastTime : Infinity;
  const during: RecordSummary[] = [];
  for (const [index, record] of other.records.entries()) {
    if (!isBetween(record, first.time, last)) continue;
    if (during.length >= NEIGHBOUR_RECORDS) break;
    during.push(recordSummary(record, { content, index, begin: exchange.time }));
  }
  return during;
}

function isBetween({ time }: RecordedRecord, first: number, last: number): boolean {
  return time >= first && time <= last;
}
