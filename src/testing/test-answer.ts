import { parseCookie } from "cookie";

import type { ClientResponse, ResponseHeaders } from "../client/index.js";

/** The prefix of an authorizer's variables in its header block (section 6.3). */
const VARIABLE_PREFIX = "Variable-";

/** The number of characters shown of a body that is not JSON. */
const SHOWN_CHARACTERS = 200;

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

  /** Collects an answer. Rejects if it ends before END_REQUEST. */
  static async collect(response: ClientResponse): Promise<TestAnswer> {
    const bytes = await response.bytes();
    const { applicationStatus } = await response.ended;
    return new TestAnswer(response, { bytes, applicationStatus, stderr: await response.stderr });
  }

  /** The body as text. */
  get text(): string {
    return this.bytes.toString();
  }

  /** The body parsed as JSON. Throws a SyntaxError with the status and the text if it is not JSON. */
  get json(): unknown {
    try {
      return JSON.parse(this.text);
    } catch (cause) {
      const type = this.headers.get("content-type") ?? "no media type";
      const text =
        this.text.length > SHOWN_CHARACTERS ? `${this.text.slice(0, SHOWN_CHARACTERS)}…` : this.text;
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
}

/** A header block is read as Latin-1, but its bytes beyond ASCII are UTF-8. */
function utf8Of(value: string): string {
  return Buffer.from(value, "latin1").toString("utf8");
}
