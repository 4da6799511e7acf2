/**
 * Tests of an application without a Web server or a socket: `tricorn/testing`.
 *
 * @module testing
 */
export { TestApplication, testApplication } from "./test-application.js";
export { TestAnswer } from "./test-answer.js";
export type { TestFile, TestRequest } from "./test-request.js";
