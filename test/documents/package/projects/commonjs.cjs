// A project of CommonJS: Node.js 20.19 and newer can require ES modules.
const { createApplication } = require("tricorn");
const { FastCgiClient } = require("tricorn/client");
const { Gateway } = require("tricorn/gateway");
const { RecordType, Role } = require("tricorn/protocol");
const { testApplication } = require("tricorn/testing");
const { version } = require("tricorn/package.json");

async function main() {
  const routes = [{ method: "GET", path: "/", name: "hello", handle: () => "hello" }];
  const application = createApplication({
    controllers: [],
    definitions: [{ kind: "responder", name: "Hello", routes }],
  });
  const running = await testApplication(application);
  const { text } = await running.respond("/");
  await running.close();
  console.log(
    JSON.stringify({
      text,
      version,
      numbers: [Role.Filter, RecordType.EndRequest],
      classes: [FastCgiClient.name, Gateway.name],
    }),
  );
}

void main();
