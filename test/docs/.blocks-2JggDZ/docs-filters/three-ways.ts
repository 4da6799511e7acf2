// three-ways.ts
import { text } from "node:stream/consumers";
import { Filter, reply, type FilterRequest } from "tricorn";

/** As a whole: for what has to be seen at once. */
@Filter("*.shout", { type: "text/plain; charset=utf-8" })
export class Shout {
  async filter({ data }: FilterRequest) {
    return (await text(data)).toUpperCase();
  }
}

/** Through streams: the file is never in memory as a whole. */
@Filter("*.raw", { type: "application/gzip" })
export class Packed {
  filter({ data }: FilterRequest) {
    return data.pipeThrough(new CompressionStream("gzip"));
  }
}

/** Without reading the file, where the client has it already. */
@Filter("*.html", { type: "text/html; charset=utf-8" })
export class Stamped {
  async filter(request: FilterRequest) {
    const etag = `"${request.lastModified?.getTime() ?? 0}-${request.dataLength}"`;
    if (request.notModified({ etag })) return reply(undefined, { status: 304, headers: { ETag: etag } });
    return reply(`${await text(request.data)}<!-- stamped -->\n`, { headers: { ETag: etag } });
  }
}
