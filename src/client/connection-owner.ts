import type { ClientSettings } from "./client-options.js";
import type { PendingRequest } from "./pending-request.js";
import type { ReportedValues } from "./values.js";

/** What the connections of one client share. */
export interface ClientConnectionOwner<Connection> {
  readonly settings: ClientSettings;
  /** Whether requests may share a connection, if the application reports that they can. */
  readonly multiplexing: boolean;
  /** The first request, or GET_VALUES, is sent on the connection. */
  begun(connection: Connection): void;
  /** The application sent its first bytes on the connection, so it has accepted it. */
  accepted(connection: Connection): void;
  /** The connection has room for more requests. */
  available(connection: Connection): void;
  closed(connection: Connection): void;
  /** The request is to be sent again on another connection. */
  retry(request: PendingRequest): void;
  /** The application refused to multiplex. */
  multiplexRefused(): void;
  /** The application has answered GET_VALUES, or part of it. */
  valuesReported(values: ReportedValues): void;
}
