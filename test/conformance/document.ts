import { shownTitle } from "../support/test-titles.js";
import { specification, type Requirement, type Section } from "./requirements.js";

/** docs/conformance.md, made of the requirements. */
export function conformanceDocument(): string {
  const all = specification.flatMap(({ requirements }) => requirements);
  const count = (status: Requirement["status"]): number =>
    all.filter((each) => each.status === status).length;
  return `# Conformance

Made by \`npm run docs:conformance\` of [test/conformance/requirements.ts](../test/conformance/requirements.ts). Not to be
edited by hand; a test fails where the two differ, or where a test that is named here does not exist.

What the [FastCGI specification](https://fastcgi-archives.github.io/FastCGI_Specification.html), version 1.0, requires, in our
own words, section by section. It has hardly a "must": every sentence that one of the two sides can break is taken for one.
*Application* is \`tricorn\`, *Web server* is \`tricorn/client\` and \`tricorn/gateway\`.

Of ${all.length} requirements ${count(undefined)} are met as they stand. In ${count("differs")} places Tricorn knowingly differs from the
specification, does more than it asks for, or decides what it leaves open; each says why. ${count("elsewhere")} are no matter of
this package.

In the name of a test, … is a place that each case of its table fills in.

${specification.map(sectionText).join("\n")}`;
}

function sectionText({ number, title, requirements }: Section): string {
  return `## ${number} ${title}

| of the | requirement | status | proved by |
|---|---|---|---|
${requirements.map(row).join("\n")}
`;
}

function row({ of, says, status, because, tests }: Requirement): string {
  const state = because === undefined ? "met" : `**${status}**: ${because}`;
  const proof = tests.map(({ file, title }) => `[${cell(shownTitle(title))}](../test/${file})`).join("<br>");
  return `| ${of} | ${cell(says)} | ${cell(state)} | ${proof} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", String.raw`\|`);
}
