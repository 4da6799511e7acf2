import { filters, responders, verdicts, type Behaviour } from "./handlers.js";
import type { Random } from "./random.js";
import { Type, draft, writeDraft, type Draft } from "./wire.js";
import { pairs } from "../../support/records.js";
import { flood, mutateBytes, mutateRecords } from "./mutate.js";

/** One thing that a Web server of a session does. */
export type Step =
  | { readonly do: "send"; readonly on: number; readonly bytes: Buffer }
  | { readonly do: "pause" | "resume" | "end" | "destroy" | "reset"; readonly on: number }
  | { readonly do: "turns"; readonly count: number }
  | { readonly do: "probe" }
  | { readonly do: "close server" };

/** What must come back for a request of a session in which everything is right. */
export interface Expectation {
  readonly on: number;
  readonly id: number;
  readonly role: number;
  readonly what: string;
  readonly status: number | undefined;
  readonly body: Buffer | undefined;
  /** Whether it asks the authorizers in the responder role, so that no page may answer it. */
  readonly bridged: boolean;
}

/** What some Web servers do to one application. */
export interface Session {
  readonly connections: number;
  readonly steps: readonly Step[];
  /** Where everything is right: every answer, each connection's in the order of their beginnings. */
  readonly expected: readonly Expectation[] | undefined;
  /** Whether the time limits are short, because handlers hang. */
  readonly hurried: boolean;
  /** How it ends after the steps. */
  readonly farewell: "end" | "destroy" | "reset" | "wait";
}

const HANDLERS = Object.keys(responders);
const VERDICTS = Object.keys(verdicts);
const FILTERS = Object.keys(filters);
/** What is answered in another way without content. */
const NOT_BY_HEAD = new Set(["/twice", "/too-short"]);
const IDS = [1, 2, 3, 255, 256, 257, 65_535];

/** Makes a session out of random numbers. */
export function makeSession(random: Random): Session {
  const correct = random.percent(35);
  const connections = random.percent(80) ? 1 : random.whole(2, 4);
  const hurried = random.percent(15);
  const perConnection: Step[][] = [];
  const expected: Expectation[] = [];
  for (let on = 0; on < connections; on += 1) {
    const conversation = makeConversation(random, { on, correct, hurried: hurried || !correct });
    perConnection.push(conversation.steps);
    expected.push(...conversation.expected);
  }
  const steps = interleave(random, perConnection);
  if (!correct && random.percent(5)) {
    steps.splice(random.whole(0, steps.length), 0, { do: "close server" });
  }
  return {
    connections,
    steps,
    expected: correct ? expected : undefined,
    hurried: hurried || !correct,
    farewell: correct ? "end" : random.pick(["end", "end", "destroy", "reset", "wait"]),
  };
}

interface ConversationFacts {
  readonly on: number;
  readonly correct: boolean;
  readonly hurried: boolean;
}

function makeConversation(
  random: Random,
  { on, correct, hurried }: ConversationFacts,
): { steps: Step[]; expected: Expectation[] } {
  const ids = random.shuffle([...IDS, random.whole(1, 65_535)]);
  const count = random.whole(1, random.percent(70) ? 2 : 6);
  const keep = count > 1 || random.percent(50);
  const requests: Draft[][] = [];
  const expected: Expectation[] = [];
  const seen = new Set<number>();
  for (let number = 0; number < count; number += 1) {
    const id = ids[number]!;
    if (seen.has(id)) continue;
    seen.add(id);
    const { records, expectation } = makeRequest(random, {
      id,
      keep: correct ? keep : random.percent(80),
      correct,
      hurried,
    });
    // An abort right behind the params, or somewhere in the streams.
    if (!correct && random.percent(15))
      records.splice(random.whole(1, records.length), 0, draft(Type.abort, id));
    requests.push(records);
    expected.push({ on, id, ...expectation });
  }
  // Behind the answer of a connection that is to be closed nobody would read them.
  if (random.percent(20) && (keep || !correct)) requests.push(makeQuestions(random));
  let records = mix(random, requests);
  if (!correct) {
    records = mutateRecords(random, records);
    if (random.percent(8)) records.splice(random.whole(0, records.length), 0, ...flood(random));
  }
  let pieces = cut(random, records.map(writeDraft));
  if (!correct && random.percent(35)) pieces = mutateBytes(random, pieces);
  const steps = pieces.flatMap((bytes): Step[] => {
    const send: Step = { do: "send", on, bytes };
    if (random.percent(70)) return [send];
    if (random.percent(15)) return [{ do: "pause", on }, send];
    if (random.percent(15)) return [send, { do: "resume", on }];
    if (random.percent(5)) return [send, { do: "probe" }];
    return [send, { do: "turns", count: random.whole(1, 4) }];
  });
  if (!correct && random.percent(15)) {
    const way = random.pick(["end", "destroy", "reset"] as const);
    steps.splice(random.whole(0, steps.length), 0, { do: way, on });
  }
  return { steps, expected };
}

interface RequestFacts {
  readonly id: number;
  readonly keep: boolean;
  readonly correct: boolean;
  readonly hurried: boolean;
}

function makeRequest(
  random: Random,
  { id, keep, correct, hurried }: RequestFacts,
): { records: Draft[]; expectation: Omit<Expectation, "on" | "id"> } {
  const role = random.percent(50)
    ? 1
    : random.pick([2, 2, 2, 3, 3, 7, ...(correct ? [] : [0, 4, 255, 65_535])]);
  const bridge = role === 2 && random.percent(40) ? random.pick(["auth_request", "forward_auth"]) : undefined;
  const [table, paths] = tableOf(role);
  const path = pickPath(random, { table, paths, correct, hurried });
  const behaviour: Behaviour = table[path] ?? {};
  // Each byte of an upload lengthens the time that its handler has.
  const waits = behaviour.hangs || (behaviour.status === undefined && !behaviour.breaks);
  const most = waits ? 100 : random.percent(90) ? 3_000 : 150_000;
  const body = random.bytes(random.percent(40) ? random.size(most) : 0);
  const data = random.bytes(random.size(most));
  const head = role === 1 && random.percent(8) && !NOT_BY_HEAD.has(path);
  const variables: [string, string | Buffer][] = [
    ["REQUEST_METHOD", head ? "HEAD" : body.length > 0 ? "POST" : "GET"],
    ["SERVER_PROTOCOL", "HTTP/1.1"],
  ];
  const uri = `${path}${random.percent(20) ? `?${random.text(random.size(300))}` : ""}`;
  if (bridge !== undefined) variables.push(["TRICORN_BRIDGE", bridge], ["SCRIPT_NAME", "/hello"]);
  // Where the marker is overlooked, a page is there to answer.
  if (bridge !== "forward_auth") variables.push(["REQUEST_URI", uri]);
  else variables.push(["REQUEST_URI", "/hello"], ["TRICORN_URI", uri], ["TRICORN_METHOD", "GET"]);
  if (body.length > 0 && random.percent(80)) variables.push(["CONTENT_LENGTH", String(body.length)]);
  if (role === 3)
    variables.push(["FCGI_DATA_LENGTH", String(data.length)], ["FCGI_DATA_LAST_MOD", "1700000000"]);
  for (let more = random.whole(0, 6); more > 0; more -= 1) {
    variables.push([`HTTP_X_${random.text(random.size(200)).toUpperCase()}`, random.bytes(random.size(600))]);
  }
  const streams: Draft[][] = [[...streamOf(random, Type.params, id, pairs(random.shuffle(variables)))]];
  streams[0]!.push(draft(Type.params, id));
  // Apache sends no STDIN at all to an authorizer.
  if (role !== 2 || bridge !== undefined || random.percent(50))
    streams.push([...streamOf(random, Type.stdin, id, body), draft(Type.stdin, id)]);
  if (role === 3) streams.push([...streamOf(random, Type.data, id, data), draft(Type.data, id)]);
  const flags = (keep ? 1 : 0) | (random.percent(5) ? 0xfe : 0);
  const sentAs = bridge === undefined ? role : 1;
  const begin = draft(Type.begin, id, Buffer.from([sentAs >> 8, sentAs & 0xff, flags, 0, 0, 0, 0, 0]));
  const records = [begin, ...streams.flat()];
  const sent = role === 3 ? data : body;
  const answer = head ? Buffer.alloc(0) : behaviour.body?.(sent);
  // nginx takes a redirect for an error.
  const status = bridge === "auth_request" && behaviour.status === 302 ? 401 : behaviour.status;
  return {
    records,
    expectation: {
      role,
      what: `role ${role} ${path}${bridge === undefined ? "" : ` by ${bridge}`}`,
      bridged: bridge !== undefined,
      // A time limit may strike anybody where handlers hang and limits are short.
      status: hurried ? undefined : status,
      body: hurried ? undefined : answer,
    },
  };
}

function tableOf(role: number): [Readonly<Record<string, Behaviour>>, readonly string[]] {
  switch (role) {
    case 1:
      return [responders, HANDLERS];
    case 2:
      return [verdicts, VERDICTS];
    case 3:
      return [filters, FILTERS];
    default:
      return [{}, ["/"]];
  }
}

interface PathFacts {
  readonly table: Readonly<Record<string, Behaviour>>;
  readonly paths: readonly string[];
  readonly correct: boolean;
  readonly hurried: boolean;
}

function pickPath(random: Random, { table, paths, correct, hurried }: PathFacts): string {
  if (!correct && random.percent(5))
    return random.pick(["/none", "*", "", "/%zz", "http://h/hello", "/../hello"]);
  // The one that a fault could turn into a request that nobody allowed.
  if (table === verdicts && hurried && random.percent(30)) return "/allow-late";
  const suited = paths.filter((path) => {
    const { hangs, breaks, status } = table[path] ?? {};
    if (correct && breaks) return false;
    if (hangs || (status === undefined && table[path] !== undefined && !breaks)) return hurried;
    return true;
  });
  return random.pick(suited);
}

/** A stream in records cut and padded at random; not closed. */
function* streamOf(random: Random, type: number, id: number, content: Buffer): Generator<Draft> {
  const tiny = content.length < 600 && random.percent(10);
  for (let at = 0; at < content.length;) {
    const length = tiny ? random.whole(1, 3) : Math.min(65_535, Math.max(1, random.size(content.length)));
    const piece = content.subarray(at, at + length);
    at += piece.length;
    yield draft(type, id, piece, random.percent(50) ? -piece.length & 7 : random.size(255));
  }
}

/** Questions and management records that are none of an application's business. */
function makeQuestions(random: Random): Draft[] {
  const names = random.shuffle(["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS", "FCGI_OTHER"]);
  return [
    draft(
      Type.getValues,
      0,
      pairs(names.slice(0, random.whole(0, 4)).map((name) => [name, ""])),
      random.whole(0, 8),
    ),
    draft(random.whole(12, 255), 0, random.bytes(random.size(300))),
    // For a request that nobody began.
    draft(
      random.pick([Type.params, Type.stdin, Type.data, Type.abort, 99]),
      4711,
      random.bytes(random.size(50)),
    ),
  ];
}

/** Merges lists, each one's order kept. */
function mix<T>(random: Random, lists: readonly (readonly T[])[]): T[] {
  if (random.percent(40)) return lists.flat();
  const left = lists.map((list) => [...list]).filter((list) => list.length > 0);
  const mixed: T[] = [];
  while (left.length > 0) {
    const list = random.pick(left);
    mixed.push(...list.splice(0, random.whole(1, 4)));
    if (list.length === 0) left.splice(left.indexOf(list), 1);
  }
  return mixed;
}

function interleave(random: Random, lists: readonly Step[][]): Step[] {
  return lists.length === 1 ? lists[0]! : mix(random, lists);
}

/** Cuts bytes into the pieces that are written at once. */
function cut(random: Random, records: readonly Buffer[]): Buffer[] {
  const way = random.whole(0, 9);
  if (way < 4) return [Buffer.concat(records)];
  if (way < 6) return [...records];
  const whole = Buffer.concat(records);
  const pieces: Buffer[] = [];
  const single = whole.length < 400 && way === 9;
  for (let at = 0; at < whole.length;) {
    const length = single ? 1 : 1 + random.size(way === 8 ? 40 : 5_000);
    pieces.push(whole.subarray(at, at + length));
    at += length;
  }
  return pieces.length > 400 ? [...pieces.slice(0, 400), Buffer.concat(pieces.slice(400))] : pieces;
}
