// line-numbers.ts
import { Filter, lines, type FilterRequest } from "tricorn";

@Filter("*.txt", { type: "text/plain; charset=utf-8" })
export class LineNumbers {
  async *filter({ data }: FilterRequest) {
    let number = 0;
    for await (const line of lines(data)) yield `${++number}\t${line}\n`;
  }
}
