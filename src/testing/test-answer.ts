import { parseCookie } from "cookie";

import type { ClientResponse, ResponseHeaders } from "../client/index.js";

/** What the names of variables start with in the header block of an authorizer (section 6.3). */
const VARIABLE_PREFIX = "Variable-";

/** So many characters of a body that is no JSON are shown. */
const SHOWN = 200;

/** A whole answer of the application. */
export class TestAnswer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** The body. */
  readonly bytes: Buffer;
  /** What END_REQUEST carried as application status. */
  readonly applicationStatus: number;
  /** What came on FCGI_STDERR. */
  readonly stderr: string;

  private constructor(
    response: ClientResponse,
    rest: { readonly bytes: Buffer; readonly applicationStatus: number; readonly stderr: string },
  ) {
    this.status = response.status;
    this.headers = response.headers;
    this.bytes = rest.bytes;
    this.applicationStatus = rest.applicationStatus;
    this.stderr = rest.stderr;
  }

  /** Collects an answer. Rejects where it breaks off before END_REQUEST. */
  static async collect(response: ClientResponse): Promise<TestAnswer> {
    const bytes = await response.bytes();
    const { applicationStatus } = await response.ended;
    return new TestAnswer(response, { bytes, applicationStatus, stderr: await response.stderr });
  }

  /** The body as text. */
  get text(): string {
    return this.bytes.toString();
  }

  /** The body read as JSON. Throws a SyntaxError with the status and the text where it is none. */
  get json(): unknown {
    try {
      return JSON.parse(this.text);
    } catch (cause) {
      const type = this.headers.get("content-type") ?? "no media type";
      const text = this.text.length > SHOWN ? `${this.text.slice(0, SHOWN)}…` : this.text;
      throw new SyntaxError(
        `Cannot read answer as JSON: it is ${this.status} with ${type} and the body ${JSON.stringify(text)}`,
        { cause },
      );
    }
  }

  /** The cookies that the answer sets, decoded and without their attributes. */
  get cookies(): Record<string, string | undefined> {
    const fields = this.headers.toArray().filter(([name]) => name.toLowerCase() === "set-cookie");
    const pairs = fields.map(([, field]) => field.split(";", 1)[0]!);
    return { ...parseCookie(pairs.join("; ")) };
  }

  /** Of an authorizer: whether the request may pass, which only a 200 says on every Web server. */
  get allowed(): boolean {
    return this.status === 200 && this.applicationStatus === 0;
  }

  /** Of an authorizer: what it hands on, without the `Variable-` prefix. */
  get variables(): Record<string, string> {
    const fields = this.headers.toArray().filter(([name]) => name.startsWith(VARIABLE_PREFIX));
    return Object.fromEntries(
      fields.map(([name, value]) => [name.slice(VARIABLE_PREFIX.length), utf8Of(value)]),
    );
  }
}

/** A header block is read as latin-1; beyond ASCII its bytes are those of UTF-8. */
function utf8Of(value: string): string {
  return Buffer.from(value, "latin1").toString("utf8");
}
