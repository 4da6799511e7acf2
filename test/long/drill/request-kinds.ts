import { createHash } from "node:crypto";

import { CANARY, CREDENTIALS } from "./contract.js";

/** An answer as the HTTP client received it, complete. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** What an answer shows: which process of which release gave it, as far as it says; or what is wrong with it. */
export type Judgement =
  | { readonly isGood: true; readonly release?: number; readonly pid?: number }
  | { readonly isGood: false; readonly why: string };

/** One kind of request of the load. */
export interface RequestKind {
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  /** The target of the request with this id, which no other request has. */
  target(id: string): string;
  /** The body, sent in pieces over {@link UPLOAD_TIME}. */
  body?(id: string): Buffer;
  judge(answer: HttpAnswer, id: string): Judgement;
}

/** How long a client takes to send a body; ms. */
export const UPLOAD_TIME = 200;
/** The length of a body; bytes. */
const UPLOAD = 100_000;
const SLOW = 300;
const LONG = 4_000;
const STREAM = { lines: 5, ms: 50 };
/** How long the authorizer thinks in some of its decisions; ms. */
const THINK = 200;

/** The lines of the file that the filter transforms. */
export const FILE_LINES: readonly string[] = Array.from(
  { length: 400 },
  (_, index) => `line ${index} of a file; ${index % 50 === 0 ? CANARY : "nothing"}`,
);

const bad = (why: string): Judgement => ({ isGood: false, why });

/** Judges an answer that has to be exactly the head and this. */
function judgeText({ status, text }: HttpAnswer, id: string, rest = ""): Judgement {
  if (status !== 200) return bad(`http-${status}`);
  const [, release, pid, about, more] = /^release=(\d+) pid=(\d+) id=(\S+)\n([^]*)$/.exec(text) ?? [];
  if (about === undefined) return bad("wrong");
  if (about !== id) return bad("answer to another request");
  if (more !== rest) return bad(rest.startsWith(more!) ? "truncated" : "wrong");
  return { isGood: true, release: Number(release), pid: Number(pid) };
}

function bodyOf(id: string): Buffer {
  return Buffer.alloc(UPLOAD, `${id} `);
}

function streamOf(id: string): string {
  const lines = Array.from({ length: STREAM.lines - 1 }, (_, index) => `line ${index + 1} ${id}\n`);
  return `${lines.join("")}end ${id}\n`;
}

/** A request for the protected page whose answer must be a denial. */
function denied(headers: Readonly<Record<string, string>>, think = 0): RequestKind {
  return {
    method: "GET",
    headers,
    target: (id) => `/members/page?id=${id}&think=${think}`,
    judge: ({ status, text }) => {
      if (text.includes(CANARY)) return bad("LEAK: the canary");
      if (status < 300) return bad(`LEAK: http-${status}`);
      return status < 500 ? { isGood: true } : bad(`http-${status}`);
    },
  };
}

function allowed(think = 0): RequestKind {
  return {
    method: "GET",
    headers: { authorization: CREDENTIALS },
    target: (id) => `/members/page?id=${id}&think=${think}`,
    judge: (answer, id) => judgeText(answer, id, `${CANARY}\n`),
  };
}

const kinds = {
  get: { method: "GET", target: (id) => `/?id=${id}`, judge: judgeText },
  slow: { method: "GET", target: (id) => `/slow?id=${id}&ms=${SLOW}`, judge: judgeText },
  long: { method: "GET", target: (id) => `/slow?id=${id}&ms=${LONG}`, judge: judgeText },
  stream: {
    method: "GET",
    target: (id) => `/stream?id=${id}&lines=${STREAM.lines}&ms=${STREAM.ms}`,
    judge: (answer, id) => judgeText(answer, id, streamOf(id)),
  },
  post: {
    method: "POST",
    target: (id) => `/upload?id=${id}`,
    body: bodyOf,
    judge: (answer, id) =>
      judgeText(answer, id, `sha256=${createHash("sha256").update(bodyOf(id)).digest("hex")}\n`),
  },
  spin: { method: "POST", target: (id) => `/spin?id=${id}`, judge: judgeText },
  leak: { method: "GET", target: (id) => `/leak?id=${id}`, judge: judgeText },
  allowed: allowed(),
  allowedLate: allowed(THINK),
  denied: denied({}),
  deniedLate: denied({ authorization: "Bearer babbage" }, THINK),
  filtered: {
    method: "GET",
    target: (id) => `/notes.txt?id=${id}`,
    judge: ({ status, text }) => {
      if (text.includes(CANARY)) return bad("LEAK: the canary");
      if (status !== 200) return bad(`http-${status}`);
      const expected = FILE_LINES.map(
        (line, at) => `${at + 1} ${line.replaceAll(CANARY, "(removed)")}\n`,
      ).join("");
      if (!text.startsWith(expected)) return bad(expected.startsWith(text) ? "truncated" : "wrong");
      const [, release, pid] =
        /^release=(\d+) pid=(\d+) lines=400\n$/.exec(text.slice(expected.length)) ?? [];
      if (pid === undefined) return bad("truncated");
      return { isGood: true, release: Number(release), pid: Number(pid) };
    },
  },
} satisfies Readonly<Record<string, RequestKind>>;

/** The name of a kind of request. */
export type KindName = keyof typeof kinds;

/** The kinds of requests by name. */
export const requestKinds: Readonly<Record<KindName, RequestKind>> = kinds;

/** How often each kind comes, in proportion to the others. */
export type Mix = Readonly<Partial<Record<KindName, number>>>;
