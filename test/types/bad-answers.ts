import { testApplication, type TestAnswer } from "tricorn/testing";
import "tricorn/testing/vitest";
import { expect } from "vitest";
import { z } from "zod";

declare const answer: TestAnswer;
declare const asked: Promise<TestAnswer>;

expect(answer).toDeny(401);
expect(answer).not.toSetVariable("AUTH_USER", /^ada/);
await expect(asked).resolves.toAllow({ AUTH_USER: "ada" });
await expect(asked).resolves.toReplyWith({ status: 200, headers: { Location: null }, json: {} });

// @ts-expect-error a status is a number
expect(answer).toDeny("401");
// @ts-expect-error only answers have these matchers
expect("answer").toAllow();
// @ts-expect-error a reply has no body
expect(answer).toReplyWith({ body: "x" });

const title: string = answer.json(z.object({ title: z.string() })).title;
const named: number = answer.json<{ year: number }>().year;
// @ts-expect-error the schema says text
const wrong: number = answer.json(z.object({ title: z.string() })).title;
// @ts-expect-error nobody has said what it is
const nothing = answer.json().title;

const application = await testApplication([], { behind: "nginx" });
// @ts-expect-error there is no such Web server
await application.respond("/", { behind: "ngnix" });
// @ts-expect-error Caddy asks no authorizer
await application.authorize("/", { behind: "caddy" });
// @ts-expect-error no Web server sends the filter role
await application.filter("/", { data: "", behind: "nginx" });

export { named, nothing, title, wrong };
