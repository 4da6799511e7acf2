// Configuration that a site inherits from its Web server: none of it lets a request pass an authorizer.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import type { RouteDescription } from "../../../src/paths/routes-of.js";
import { http } from "../../gateway/support/http.js";
import { temporaryFolder } from "../../support/served.js";
import { CANARY } from "../../support/web-servers/gate.js";
import { generated } from "../../support/web-servers/generated.js";
import { freeAddress } from "../../support/web-servers/scene.js";
import { WebServer } from "../../support/web-servers/web-server.js";

const guarded: RouteDescription = {
  responders: [{ routes: [{ path: "/members/page" }] }],
  authorizers: [{ paths: ["/members/**"] }],
  filters: [],
};

test.each([
  ["nginx", "merge_slashes off", "http {", "merge_slashes off;", "//members/card.txt", 400],
  ["nginx", "merge_slashes off", "http {", "merge_slashes off;", "/x//../members/card.txt", 400],
  ["nginx", "merge_slashes off", "http {", "merge_slashes off;", "/x//y/.%2e/../members/page", 400],
  ["nginx", "satisfy any", "http {", "satisfy any; allow all;", "/members/card.txt", 500],
  ["apache", "MergeSlashes Off", "\nPidFile", "MergeSlashes Off", "/x//../members/page", 500],
] as const)(
  "%s with %s around it serves nothing protected",
  async (server, _what, place, line, target, status) => {
    const folder = temporaryFolder();
    const root = join(folder, "www");
    mkdirSync(join(root, "members"), { recursive: true });
    chmodSync(folder, 0o755);
    writeFileSync(join(root, "public.txt"), "public\n");
    writeFileSync(join(root, "members/card.txt"), CANARY);
    // Nothing listens there: each question is a denial.
    const address = await freeAddress("tcp", "");
    const kind = generated({ server, address, description: guarded, root });
    const around = (text: string): string =>
      place.startsWith("\n")
        ? text.replace(place, `\n${line}${place}`)
        : text.replace(place, `${place}\n${line}`);
    const running = await WebServer.start({
      ...kind,
      files: (where) => {
        const files = Object.entries(kind.files(where)).map(([name, text]) => [name, around(text)] as const);
        expect(files.some(([, text]) => text.includes(line))).toBe(true);
        return Object.fromEntries(files);
      },
    });
    onTestFinished(() => running.stop());
    expect((await http(running.url, "/public.txt")).body).toBe("public\n");
    // A request that was not asked about would be the file, or a 502 or 503 of the application's place.
    const answer = await http(running.url, target);
    expect(answer.body).not.toContain(CANARY);
    expect(answer.status).toBe(status);
  },
);
