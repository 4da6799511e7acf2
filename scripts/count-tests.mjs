// Prints "N passed, N failed" from the JSON report of a Vitest run, and fails if a test did or if there is no test.
// A test file that could not be loaded counts as one failure.
import { readFileSync } from "node:fs";

const { passed, failed } = count(process.argv[2] ?? "");
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0 || passed === 0) process.exitCode = 1;

/** @param {string} file */
function count(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    console.log("Cannot count the tests: the test run left no report");
    return { passed: 0, failed: 1 };
  }
  let files = 0;
  for (const { status, assertionResults } of report.testResults) {
    const hasFailedTest = assertionResults.some(
      (/** @type {{ status: string }} */ test) => test.status === "failed",
    );
    if (status === "failed" && !hasFailedTest) files++;
  }
  const skipped = report.numPendingTests + report.numTodoTests;
  if (skipped > 0) console.log(`${skipped} skipped`);
  return { passed: report.numPassedTests, failed: report.numFailedTests + files };
}
