import { DefaultReporter, type TestModule, type TestSpecification } from "vitest/node";

/** Time between two lines of progress, in ms. */
const PAUSE = 10_000;

/** Prints how many test files have ended, now and then, and what failed. Works the same in a terminal, a pipe and CI. */
export default class ProgressReporter extends DefaultReporter {
  #files = 0;
  #ended = 0;
  #failed = 0;
  #printed = performance.now();

  constructor() {
    super({ summary: false });
  }

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    super.onTestRunStart(specifications);
    this.#files = specifications.length;
  }

  protected override printTestModule(module: TestModule): void {
    this.#ended++;
    const hasFailed = module.state() === "failed";
    if (hasFailed) {
      this.#failed++;
      super.printTestModule(module);
    }
    const now = performance.now();
    if (!hasFailed && this.#ended < this.#files && now - this.#printed < PAUSE) return;
    this.#printed = now;
    const seconds = Math.round((now - this.start) / 1000);
    const failures = this.#failed > 0 ? `, ${this.#failed} failed` : "";
    this.log(`${this.#ended} of ${this.#files} files${failures} (${seconds} s)`);
  }
}
