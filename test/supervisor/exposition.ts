import { execFile } from "node:child_process";

/** Metrics as Prometheus has read them: the value of each line, by its name and labels as they are written. */
export type Exposition = ReadonlyMap<string, number>;

/**
 * Reads metrics in the text format of Prometheus 0.0.4.
 *
 * @throws what `promtool check metrics` says against them
 */
export async function readExposition(text: string): Promise<Exposition> {
  await new Promise<void>((resolve, reject) => {
    const child = execFile("promtool", ["check", "metrics"], (error, out, err) => {
      if (error === null && err === "") resolve();
      else reject(new Error(`${out}${err}`));
    });
    child.stdin!.end(text);
  });
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}
