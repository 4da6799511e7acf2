import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";

import { audienceOf } from "../../src/bridges/filter/audience.js";
import { defaultLog } from "../../src/log/default-log.js";
import { secretParams } from "../../src/http/credentials.js";
import { Params } from "../../src/protocol/params.js";
import { redact } from "../../src/log/redact.js";
import { temporaryFolder } from "../support/served.js";

test("docs/security.md lists the params that are always secret, and no others", () => {
  const page = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
  const [, list = ""] = /always secret: ([^.]*)\./.exec(page) ?? [];
  expect(list.match(/[A-Z_]{3,}/g)?.sort()).toEqual([...secretParams].sort());
});

const fieldOf = (param: string) => param.replace("HTTP_", "").toLowerCase().replaceAll("_", "-");

test.each(secretParams)("%s is a secret to errors, to the log and to the cache", (name) => {
  const params = Params.from({ [name]: "Bearer abcdefgh" });
  expect(redact("Bearer abcdefgh", params)).toBe("[redacted]");
  expect(audienceOf(params, [])).toBe("someone");
});

test("the default log redacts the values of secret fields at any depth", () => {
  const path = join(temporaryFolder(), "log");
  vi.stubEnv("TRICORN_LOG", path);
  const { log } = defaultLog(["HTTP_X_API_KEY", "X-Tenant-Key"]);
  vi.unstubAllEnvs();
  // AUTH_TYPE is a scheme everywhere but at Jetty.
  const params = [...secretParams, "HTTP_X_API_KEY", "HTTP_X_TENANT_KEY"].filter(
    (name) => name !== "AUTH_TYPE",
  );
  const headers = params.filter((name) => name.startsWith("HTTP_")).map(fieldOf);
  const names = [...params, ...headers, "X-Tenant-Key", "password", "secret", "token", "set-cookie"];
  const fields = Object.fromEntries(names.map((name) => [name, "told"]));
  log.info({ ...fields, request: { ...fields, headers: fields } }, "x");
  const line = readFileSync(path, "utf8");
  expect(line).not.toContain("told");
  expect(line.match(/Redacted/g)).toHaveLength(3 * names.length);
});
