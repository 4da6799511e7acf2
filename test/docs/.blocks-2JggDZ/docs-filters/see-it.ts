// see-it.ts
import { testApplication } from "tricorn/testing";
import { LineNumbers } from "./line-numbers.js";

const application = await testApplication([LineNumbers]);
const answer = await application.filter("/poem.txt", { data: "one\ntwo\n" });
console.log(answer.text);
await application.close();
