import { parseCookie } from "cookie";

import { ClientError, type ClientResponse, type ResponseHeaders } from "../client/index.js";
import { describeAnswer, excerptOf, type AnswerFacts } from "./describe-answer.js";
import { formatLine, type LoggedLine } from "./request-log.js";

/** The prefix of an authorizer's variables in its header block (section 6.3). */
const VARIABLE_PREFIX = "Variable-";

/** A schema of zod, Valibot, ArkType or another library of the Standard Schema, version 1. */
export interface AnswerSchema<T> {
  readonly "~standard": {
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
  };
}

/** What a schema says of a value. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly unknown[] | undefined;
      }[];
    };

const noFacts: AnswerFacts = {
  request: "request",
  logged: [],
  note: undefined,
  secretFields: new Set(),
  redact: (text) => text,
};

/** A complete answer of the application. */
export class TestAnswer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** The body. */
  readonly bytes: Buffer;
  /** The application status in END_REQUEST. */
  readonly applicationStatus: number;
  /** The content of FCGI_STDERR. */
  readonly stderr: string;
  /** What the request has logged; empty if the application has a log of its own. */
  readonly logged: readonly LoggedLine[];
  readonly #facts: AnswerFacts;

  private constructor(
    response: ClientResponse,
    rest: Pick<TestAnswer, "bytes" | "applicationStatus" | "stderr"> & { readonly facts: AnswerFacts },
  ) {
    this.status = response.status;
    this.headers = response.headers;
    this.bytes = rest.bytes;
    this.applicationStatus = rest.applicationStatus;
    this.stderr = rest.stderr;
    this.logged = rest.facts.logged;
    this.#facts = rest.facts;
  }

  /** Collects an answer. Rejects if it ends before END_REQUEST, with what was logged. */
  static async collect(
    asked: ClientResponse | Promise<ClientResponse>,
    facts: AnswerFacts = noFacts,
  ): Promise<TestAnswer> {
    try {
      const response = await asked;
      const bytes = await response.bytes();
      const { applicationStatus } = await response.ended;
      return new TestAnswer(response, { bytes, applicationStatus, stderr: await response.stderr, facts });
    } catch (error) {
      throw error instanceof ClientError ? withLog(error, facts.logged) : error;
    }
  }

  /** The body as text. */
  get text(): string {
    return this.bytes.toString();
  }

  /**
   * The body parsed as JSON: of the type that the caller names, or checked with a schema and of its type.
   *
   * @throws SyntaxError with the status and the text if it is not JSON; TypeError if it does not fit the schema
   *
   * @example
   * ```ts
   * import { testApplication } from "tricorn/testing";
   * import { z } from "zod";
   *
   * const application = await testApplication([]);
   * const answer = await application.respond("/books/1");
   * const { title } = answer.json(z.object({ title: z.string() }));
   * ```
   */
  json<T = unknown>(schema?: AnswerSchema<T>): T {
    const value = this.#parsed();
    if (schema === undefined) return value as T;
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) throw new TypeError("Cannot check answer: the schema is asynchronous");
    if (result.issues === undefined) return result.value;
    const faults = result.issues.map(({ message, path = [] }) =>
      path.length === 0 ? message : `${path.map(segmentName).join(".")}: ${message}`,
    );
    throw new TypeError(
      `Cannot read answer: it does not fit the schema: ${faults.join("; ")}\n\n${this.describe()}`,
    );
  }

  #parsed(): unknown {
    try {
      return JSON.parse(this.text);
    } catch (cause) {
      const type = this.headers.get("content-type") ?? "no media type";
      const text = JSON.stringify(this.#facts.redact(excerptOf(this.text)));
      throw new SyntaxError(
        `Cannot read answer as JSON: it is ${this.status} with ${type} and the body ${text}`,
        { cause },
      );
    }
  }

  /** The cookies that the answer sets, decoded and without their attributes. */
  get cookies(): Record<string, string | undefined> {
    const fields = this.headers.getAll("set-cookie");
    const pairs = fields.map((field) => field.split(";", 1)[0]!);
    return { ...parseCookie(pairs.join("; ")) };
  }

  /** Whether an authorizer allowed the request: only a 200 allows it on every Web server. */
  get allowed(): boolean {
    return this.status === 200 && this.applicationStatus === 0;
  }

  /** The variables that an authorizer passed on, without the `Variable-` prefix. */
  get variables(): Record<string, string> {
    const fields = this.headers.toArray().filter(([name]) => name.startsWith(VARIABLE_PREFIX));
    return Object.fromEntries(
      fields.map(([name, value]) => [name.slice(VARIABLE_PREFIX.length), utf8Of(value)]),
    );
  }

  /** The answer as a text of several lines, for messages: without secrets, with the start of its body and what was logged. */
  describe(): string {
    return describeAnswer(this, this.#facts);
  }

  /** The same for `console.log` and the messages of assertions. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `TestAnswer\n${this.describe()}`;
  }
}

/** A header block is read as Latin-1, but its bytes beyond ASCII are UTF-8. */
function utf8Of(value: string): string {
  return Buffer.from(value, "latin1").toString("utf8");
}

/** The name of a path's segment, which libraries give as a key or as `{ key }`. */
function segmentName(segment: unknown): string {
  return String(typeof segment === "object" && segment !== null && "key" in segment ? segment.key : segment);
}

/** The same error with the lines of the log that explain it. */
function withLog(
  { code, message, fault, cause, stderr }: ClientError,
  logged: readonly LoggedLine[],
): ClientError {
  const lines = logged.map((line) => `\n${formatLine(line)}`);
  return new ClientError(code, `${message}${lines.join("")}`, { fault, cause, stderr });
}
