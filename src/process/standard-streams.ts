/**
 * Lets the process outlive whoever reads its standard output and standard error. What a handler prints with `console` is
 * lost then; without a listener Node.js would end the process for it, and every request in flight.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
  }
}

function ignore(): void {}
