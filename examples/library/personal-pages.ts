import { Filter, reply, type FilterRequest, type Reply } from "tricorn";

import { fillPlaceholders } from "./placeholders.js";

/** Writes the member's attributes into the protected pages: `{{city}}` becomes the variable MEMBER_CITY. */
@Filter("/members/**/*.html", { type: "text/html; charset=utf-8" })
export class PersonalPages {
  filter({ data, params }: FilterRequest): Reply {
    const chunks = data.pipeThrough(new TextDecoderStream());
    const page = fillPlaceholders(chunks, (name) => params.get(`MEMBER_${name.toUpperCase()}`));
    // The page is for one person: no cache may give it to the next.
    return reply(page, { headers: { "Cache-Control": "private, no-store" } });
  }
}
