// A folder of texts behind a filter, ROOT, for Web servers that start programs.
import { Filter, lines, serve, type FilterRequest } from "tricorn";

@Filter("*.txt", { type: "text/plain; charset=utf-8" })
class LineNumbers {
  async *filter({ data, mount }: FilterRequest) {
    yield `${mount}\n`;
    let number = 0;
    for await (const line of lines(data)) yield `${++number}\t${line}\n`;
  }
}

await serve([LineNumbers], process.argv[2], { bridges: { filter: { root: process.env["ROOT"]! } } });
