import { afterEach, beforeEach } from "vitest";

import { FastCgiClient, type ClientOptions } from "../../src/client/index.js";
import { ScriptedApplication } from "../support/scripted-application.js";

/** A test's client options, in addition to its address. */
export type Further = Omit<ClientOptions, "address" | "connect">;

/** The application that the clients of the running test connect to. */
export let application: ScriptedApplication;
const clients: FastCgiClient[] = [];

/** Gives each test of a file an application and closes it and its clients again. */
export function useScriptedApplication(): void {
  beforeEach(async () => {
    application = await ScriptedApplication.listen();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await application.close();
  });
}

/** A client that sends no GET_VALUES by default, so that the conversation begins with the request. */
export function connect(options: Further = {}): FastCgiClient {
  const client = new FastCgiClient({ address: application.port, multiplex: false, ...options });
  clients.push(client);
  return client;
}

/** A request without a body. */
export const get = { params: { REQUEST_METHOD: "GET" } };

/** A whole answer as the application writes it to STDOUT. */
export const hello = "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nhello";
