import { pino, type Logger } from "pino";

import {
  createApplication,
  type ApplicationOptions,
  type TricornApplication,
} from "../../src/application.js";
import { openDispatcher } from "../../src/bridges/open-dispatcher.js";
import { createContainer } from "../../src/decorators/container.js";
import { ConfigurationError } from "../../src/errors.js";
import {
  TestApplication,
  type TestAnswer,
  type TestFile,
  type TestRequest,
  type AuthorizerTestRequest,
} from "../../src/testing/index.js";

export const silent: Logger = pino({ level: "silent" });

/** An application with a new container that logs nothing. */
export function applicationOf(
  controllers: ApplicationOptions["controllers"],
  options: Partial<ApplicationOptions> = {},
): TricornApplication {
  return createApplication({ controllers, log: silent, container: createContainer(), ...options });
}

/** The error of a start-up check, which names what it has to: `code: message`. */
export function refusalOf(start: () => unknown): string {
  try {
    start();
  } catch (error) {
    if (error instanceof ConfigurationError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing was refused";
}

/** Sends one request in the responder role. */
export function ask(
  application: TricornApplication,
  target: string,
  request?: TestRequest,
): Promise<TestAnswer> {
  return once(application, (running) => running.respond(target, request));
}

/** Asks an authorizer. */
export function authorize(
  application: TricornApplication,
  target: string,
  request?: AuthorizerTestRequest,
): Promise<TestAnswer> {
  return once(application, (running) => running.authorize(target, request));
}

/** Sends a file to a filter. */
export function filter(application: TricornApplication, target: string, file: TestFile): Promise<TestAnswer> {
  return once(application, (running) => running.filter(target, file));
}

async function once<T>(
  application: TricornApplication,
  use: (running: TestApplication) => Promise<T>,
): Promise<T> {
  const running = new TestApplication({ application, dispatcher: await openDispatcher(application.roles) });
  try {
    return await use(running);
  } finally {
    await running.close();
  }
}
