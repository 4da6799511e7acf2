import type { TestContext } from "vitest";

/** Something in which a Web server differs that no application can help, with the reason, which names the version. */
export interface Difference {
  readonly because: string;
}

/** What becomes of an upload that a Web server does not take. */
export interface RefusedUpload extends Difference {
  /** The statuses that it answers with: several, where it depends on who of it notices first. */
  readonly statuses: readonly number[];
}

/** In what Web servers differ when they ask responders. */
export interface ResponderDifferences {
  /** FCGI_STDERR does not arrive in the error log. */
  readonly dropsStderr?: Difference;
  /** A body without a length is refused. */
  readonly refusesChunkedUploads?: RefusedUpload;
  /** A long body without a length is refused, a short one is not. */
  readonly refusesLongChunkedUploads?: RefusedUpload;
  /** A client that has left is seen only when something is sent to it. */
  readonly overlooksDepartures?: Difference & {
    /** Some are seen all the same. */
    readonly sometimes?: true;
    /** Some are not even told of when something is sent. */
    readonly silently?: true;
  };
  /** Content-Type comes without the blank that its parameters are written with. */
  readonly respellsContentType?: Difference;
  /** A path with an encoded slash is refused. */
  readonly refusesEncodedSlashes?: Difference & { readonly status: number };
  /** What no route covers never comes to the application. */
  readonly answersUnknownPaths?: Difference;
  /** An answer that breaks off reaches the client as a whole one; only the error log tells, or the application's own without a pattern. */
  readonly hidesBreaks?: Difference & { readonly log?: RegExp };
  /** Each request starts a process, which is slow: a few of them stand for many. */
  readonly startsProcesses?: Difference;
}

/** In what Web servers differ when they ask authorizers. */
export interface AuthorizerDifferences {
  /** A denial becomes one of the Web server's own, with a page of its own. */
  readonly replacesDenials?: Difference & { readonly status: number };
  /** The status of a denial reaches the client, its body does not. */
  readonly losesDenialBodies?: Difference;
  /** A redirect becomes a denial. */
  readonly losesRedirects?: Difference & { readonly status: number };
}

/** In what Web servers differ when files pass through filters. */
export interface FilterDifferences {
  /** Nobody but the filter itself compares what a client knows with what there is. */
  readonly leavesValidators?: Difference;
  /** Each answer with a Location becomes a 302. */
  readonly redirectsByLocation?: Difference;
}

/** In what Web servers differ when the library is behind them. */
export type LibraryDifferences = Pick<FilterDifferences, "redirectsByLocation">;

declare module "vitest" {
  interface TaskMeta {
    /** Why a Web server does otherwise than the test's title says. */
    difference?: string;
  }
}

/** Whether a Web server differs here. The reason is kept with the test's result, for docs/web-servers.md. */
export function differs<T extends Difference>(
  task: TestContext["task"],
  difference: T | undefined,
): difference is T {
  if (difference === undefined) return false;
  task.meta.difference = difference.because;
  return true;
}
