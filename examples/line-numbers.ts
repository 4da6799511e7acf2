// A filter (role 3): the Web server sends a text file, and receives it with numbered lines.
import { Filter, lines, serve, type FilterRequest } from "tricorn";

@Filter("*.txt", { type: "text/plain; charset=utf-8" })
class LineNumbers {
  async *filter({ data }: FilterRequest): AsyncGenerator<string> {
    let number = 0;
    for await (const line of lines(data)) yield `${++number}\t${line}\n`;
  }
}

await serve([LineNumbers]);
