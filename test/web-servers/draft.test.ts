import { afterAll, beforeAll, describe } from "vitest";
import { serveContract } from "../support/web-servers/contract-application.js";
import { testEssentials, type Behind, type Differences } from "../support/web-servers/essentials.js";
import { WebServer, type WebServerKind } from "../support/web-servers/web-server.js";
import { nginx } from "../support/web-servers/nginx.js";
import { apache } from "../support/web-servers/apache.js";
import { lighttpd } from "../support/web-servers/lighttpd.js";
import { caddy } from "../support/web-servers/caddy.js";
import { haproxy } from "../support/web-servers/haproxy.js";
import { h2o } from "../support/web-servers/h2o.js";

function go(name: string, over: "tcp"|"unix", mount: string, make: (address: string) => WebServerKind, d: Differences = {}) {
  describe(name, () => {
    let behind: Behind;
    beforeAll(async () => {
      const contract = await serveContract({ over });
      behind = { contract, mount, server: await WebServer.start(make(contract.address)) };
    });
    afterAll(async () => { if (process.env["SHOW"]) console.log(behind.server.errorLog); await behind.server.stop(); await behind.contract.close(); });
    testEssentials(() => behind, d);
  });
}
go("nginx unix", "unix", "", (a) => nginx(() => ({ server: `location / { fastcgi_pass unix:${a}; fastcgi_buffering off; }` })));
go("apache proxypass", "tcp", "", (a) => apache(["proxy", "proxy_fcgi"], () => `AllowEncodedSlashes NoDecode\nProxyPass / fcgi://${a}/ flushpackets=on`), {departures: "only when written to"});
go("lighttpd", "unix", "", (a) => lighttpd(() => `server.stream-response-body = 2\nfastcgi.server = ("/" => (("socket" => "${a}", "check-local" => "disable", "fix-root-scriptname" => "enable")))`));
go("caddy", "unix", "", (a) => caddy(() => `reverse_proxy unix/${a} {\n transport fastcgi {\n root /srv\n }\n flush_interval -1\n }`), {stderr: "nowhere"});
go("haproxy", "tcp", "", (a) => haproxy({ address: a, options: [] }), {chunkedUploads: "refused"});
go("h2o", "unix", "", (a) => h2o(() => `      "/":\n        fastcgi.connect:\n          port: ${a}\n          type: unix`));
