import { Filter, lines, reply, type FilterRequest, type Reply } from "tricorn";

/** A filter that one can see to have been at work: upper case, with what it knows of the request in front. */
@Filter("*.txt", { type: "text/plain; charset=utf-8" })
export class Shout {
  filter({ data, dataLength, queryString, params }: FilterRequest): Reply {
    // Caddy sends a variable that it does not know as an empty one.
    const user = params.get("AUTH_USER") || "nobody";
    return reply(shouted(`${dataLength} bytes for ${user}, asked for ${queryString}`, data));
  }
}

async function* shouted(first: string, data: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  yield `${first}\n`;
  for await (const line of lines(data)) yield `${line.toUpperCase()}\n`;
}
