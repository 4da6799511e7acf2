import type { WriteStream } from "node:tty";

/** Another screen without a cursor, on which long lines are cut; what was on the terminal comes back with the last one. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/** The size of a terminal that does not say it. */
const ROWS = 24;
const COLUMNS = 80;

/** Shows texts in place on a terminal, each within its size, until it is closed or the process exits. */
export class TerminalScreen {
  readonly #terminal: WriteStream;
  #text = "";

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
    terminal.write(ENTER);
    terminal.on("resize", this.#draw);
    process.on("SIGTSTP", this.#suspend);
    process.on("SIGCONT", this.#resume);
    process.once("exit", this.#leave);
  }

  /** @param text lines; nothing in them may control the terminal */
  show(text: string): void {
    this.#text = text;
    this.#draw();
  }

  /** Gives the terminal back. */
  close(): void {
    process.off("exit", this.#leave);
    process.off("SIGTSTP", this.#suspend);
    process.off("SIGCONT", this.#resume);
    this.#terminal.off("resize", this.#draw);
    this.#leave();
  }

  readonly #draw = (): void => {
    const { rows, columns } = this.#terminal;
    const lines = linesWithin(this.#text, {
      rows: rows > 0 ? rows : ROWS,
      columns: columns > 0 ? columns : COLUMNS,
    });
    this.#terminal.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join("\r\n")}${CLEAR_BELOW}`);
  };

  readonly #leave = (): void => {
    this.#terminal.write(LEAVE);
  };

  readonly #suspend = (): void => {
    this.#leave();
    process.kill(process.pid, "SIGSTOP");
  };

  readonly #resume = (): void => {
    this.#terminal.write(ENTER);
    this.#draw();
  };
}

/** The lines of a text that a terminal has room for; the last one says how many more there are. */
export function linesWithin(
  text: string,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): readonly string[] {
  const lines = text.trimEnd().split("\n");
  const left = lines.length - rows;
  const shown = left > 0 ? [...lines.slice(0, rows - 1), `and ${left + 1} more lines`] : lines;
  // By code points: a pair of surrogates stays whole.
  return shown.map((line) => (line.length > columns ? Array.from(line).slice(0, columns).join("") : line));
}
