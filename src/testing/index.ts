/**
 * Tests of an application without a Web server or a socket: `tricorn/testing`.
 *
 * @module testing
 */
export { TestApplication, testApplication, type TestApplicationOptions } from "./test-application.js";
export { TestAnswer, type AnswerSchema, type SchemaResult } from "./test-answer.js";
export type { AuthorizerTestRequest, TestFile, TestRequest } from "./test-request.js";
export type { Behind } from "./behind.js";
export type { Double } from "./doubles.js";
export type { LoggedLine } from "./request-log.js";
export {
  authorizingServers,
  webServers,
  type AuthorizingServerName,
  type WebServerName,
} from "./web-servers/web-servers.js";

// Assertions: functions, and matchers for `expect.extend`.
export { assertAllows, assertDenies, assertRepliesWith, assertSetsVariable } from "./assertions.js";
export { matchers, type MatcherContext, type MatcherResult } from "./matchers.js";
export type { Equality, ExpectedReply } from "./expectations.js";

// Connections as scripts, record by record.
export { ScriptedApplication } from "./scripted-application.js";
export { WirePeer, type WireContent } from "./wire-peer.js";
export type { RecordName, WireAnswer, WireRecord } from "./wire-record.js";
