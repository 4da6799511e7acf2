import type { Stage } from "./stage.js";
import type { RunningServer } from "./web-server.js";

/** A Web server in front of the contract. */
export interface ResponderDoor {
  readonly server: RunningServer;
  /** The stage that the contract plays on. */
  readonly stage: Stage;
  /** Where the contract is found below the server's address: "/app" or "". */
  readonly mount: string;
}

/** Sends requests to the contract. */
export function visitor(door: () => ResponderDoor) {
  const url = (path: string): string => `${door().server.url}${door().mount}${path}`;
  const visit = (path: string, init?: RequestInit): Promise<Response> => fetch(url(path), init);
  return { url, visit };
}
