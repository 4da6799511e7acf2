import { escapeHtml } from "./escape-html.js";

/** What a page knows about its own request, for {@link travelPanel}. */
export interface Travelled {
  /** The role in which the application made the page. */
  readonly role: "responder" | "authorizer" | "filter";
  /** The status of the answer; 200 by default. */
  readonly status?: number;
  /** The file that a filter got. */
  readonly data?: { readonly path: string; readonly bytes: number };
  /** The variables of the authorizer that was asked before; undefined if none was. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

const ROLE_NUMBERS = { responder: 1, authorizer: 2, filter: 3 };

/** The panel at the end of each page: what has just travelled between Web server and application for it. */
export function travelPanel(travelled: Travelled): string {
  const { role, variables } = travelled;
  const steps = [`<li>${chip(role)} ${sentenceOf(travelled)}</li>`];
  if (variables !== undefined) {
    const decision = "decided <strong>200</strong>: the request may pass, with these variables.";
    steps.unshift(`<li>${chip("authorizer")} ${decision}\n${fieldsOf(variables)}</li>`);
  }
  return `<aside class="travelled" aria-labelledby="travelled">
<h2 id="travelled">What has just travelled</h2>
<ol>
${steps.join("\n")}
</ol>
<p><a href="/__tricorn">See each record in the inspector</a></p>
</aside>
`;
}

function sentenceOf({ role, status = 200, data, variables }: Travelled): string {
  if (role === "authorizer")
    return `decided <strong>${status}</strong>: the request may not pass. It handed on no variable.`;
  const received = [
    ...(data === undefined ? [] : [`DATA, the ${data.bytes} bytes of <code>${escapeHtml(data.path)}</code>`]),
    ...(variables === undefined ? [] : ["the variables as params"]),
  ];
  const got = received.length === 0 ? "the request" : received.join(", and ");
  return `got ${got}, and answered <strong>${status}</strong>: this page.`;
}

function chip(role: Travelled["role"]): string {
  const name = `${role[0]!.toUpperCase()}${role.slice(1)}`;
  return `<span class="chip ${role}">${name}, role ${ROLE_NUMBERS[role]}</span>`;
}

function fieldsOf(variables: Readonly<Record<string, string>>): string {
  const rows = Object.entries(variables).map(
    ([name, value]) => `<dt>Variable-${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`,
  );
  return `<dl>\n${rows.join("\n")}\n</dl>`;
}
