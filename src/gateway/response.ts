/** A response: that of an application, a parsed CGI header block and the body; or a file. */
export interface ApplicationResponse {
  /** 200 to 599. */
  readonly status: number;
  /** The reason phrase; empty for the default one. */
  readonly statusText: string;
  /** In the order of arrival, including repeated names. Values have one character per byte. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  /** Throws if the response is incomplete. */
  readonly body: AsyncIterable<Uint8Array>;
}
