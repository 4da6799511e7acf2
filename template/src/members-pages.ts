import { Filter, lines, type FilterRequest } from "tricorn";

/** Role 3: transforms a file that the Web server sends. Here it writes the user into the members' pages. */
@Filter("/members/*.html", { type: "text/html; charset=utf-8" })
export class MembersPages {
  async *filter({ data, user = "" }: FilterRequest) {
    for await (const line of lines(data)) yield `${line.replaceAll("{{user}}", escapeHtml(user))}\n`;
  }
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
