/**
 * Matchers of Vitest for the answers of `tricorn/testing`. Import it in a test or in a setup file: `tricorn/testing/vitest`.
 *
 * @module testing/vitest
 */
import "./vitest-matchers.js";

export type { AnswerMatchers } from "./vitest-matchers.js";
