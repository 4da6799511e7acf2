// An .htaccess file that leads all requests to one program, as hosts without access to Apache's configuration have it.
import express from "express";
import {
  Get,
  Req,
  Responder,
  createApplication,
  createContainer,
  serve,
  type ResponderRequest,
} from "tricorn";
import { nodeListener } from "tricorn/adapters";
import { expect, onTestFinished, test } from "vitest";

import { http } from "../gateway/support/http.js";
import { capturedLog } from "../support/served.js";
import { apache } from "../support/web-servers/apache.js";
import { WebServer } from "../support/web-servers/web-server.js";

@Responder()
class Whoami {
  @Get("/whoami")
  whoami(@Req() { headers, params }: ResponderRequest) {
    return {
      field: headers.get("authorization") ?? null,
      fields: headers.toObject()["authorization"] ?? null,
      names: Array.from(params, ([name]) => name).filter((name) => name.endsWith("AUTHORIZATION")),
    };
  }
}

const FRONT_CONTROLLER = `
RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^ index.fcgi [E=HTTP_AUTHORIZATION:%{HTTP:Authorization},L]
`;

async function start(): Promise<WebServer> {
  const app = express();
  app.get("/express", (request, response) => void response.json(request.headers.authorization ?? null));
  const application = createApplication({
    controllers: [Whoami],
    definitions: [nodeListener(app)],
    container: createContainer(),
    log: capturedLog().log,
  });
  const served = await serve(application, 0, { signals: false, timeouts: { shutdown: 0 } });
  onTestFinished(() => served.close());
  const kind = apache(
    ["rewrite", "proxy", "proxy_fcgi"],
    ({ folder }) => `
<Directory ${folder}/www>
  AllowOverride All
  Options FollowSymLinks
</Directory>
<Files index.fcgi>
  SetHandler "proxy:fcgi://${served.address}"
</Files>`,
  );
  const server = await WebServer.start({
    ...kind,
    files: (place) => ({
      ...kind.files(place),
      "www/.htaccess": FRONT_CONTROLLER,
      "www/index.fcgi": "never read\n",
    }),
  });
  onTestFinished(() => server.stop());
  return server;
}

test("Authorization behind a front controller in .htaccess is the field, for handlers and for Express", async () => {
  const { url } = await start();
  const headers = { Authorization: "Bearer abc.def", "Redirect-Http-Authorization": "Bearer forged" };
  const { body } = await http(url, "/whoami", { headers });
  expect(JSON.parse(body)).toEqual({
    field: "Bearer abc.def",
    fields: "Bearer abc.def",
    names: expect.arrayContaining(["REDIRECT_HTTP_AUTHORIZATION"]) as string[],
  });
  expect(JSON.parse((await http(url, "/express", { headers })).body)).toBe("Bearer abc.def");
});

test("no field of a client replaces it", async () => {
  const { url } = await start();
  const headers = {
    "Redirect-Http-Authorization": "Bearer forged",
    REDIRECT_HTTP_AUTHORIZATION: "Bearer forged",
  };
  expect(JSON.parse((await http(url, "/whoami", { headers })).body)).toMatchObject({
    field: null,
    fields: null,
  });
  expect((await http(url, "/express", { headers })).body).toBe("null");
});
