import { describe, expect, test } from "vitest";

import { Reply, reply } from "../../src/roles/reply.js";
import { sendfile } from "../../src/roles/sendfile.js";

describe("sendfile", () => {
  test.each([
    ["X-Accel-Redirect", "/protected", "a b/c%d.pdf", "/protected/a%20b/c%25d.pdf"],
    ["X-Accel-Redirect", "/protected/", "/report.pdf", "/protected/report.pdf"],
    ["X-Sendfile", "/srv/files", "a b/c%d.pdf", "/srv/files/a b/c%d.pdf"],
    ["X-LIGHTTPD-send-file", "/srv/files", "..hidden/x", "/srv/files/..hidden/x"],
  ] as const)("hands %s a path below the root", (via, root, path, value) => {
    const answer = sendfile({ via, root })(path, { headers: { "Cache-Control": "private" } });

    expect([...answer.headers]).toEqual([
      ["Cache-Control", "private"],
      [via, value],
    ]);
    expect(answer).toMatchObject({ status: 200, body: undefined, type: undefined });
  });

  test.each(["../secret", "a/../../secret", "..", "a\0b", "a\r\nX: y", "a\nb"])(
    "answers 404 for %j, which could leave the root",
    (path) => {
      const send = sendfile({ via: "X-Sendfile", root: "/srv/files" });
      expect(() => send(path)).toThrow(expect.objectContaining({ status: 404 }));
    },
  );

  test.each(["", "files", "/srv/../etc", "https://example.com/"])("refuses the root %j", (root) => {
    expect(() => sendfile({ via: "X-Accel-Redirect", root })).toThrow(
      expect.objectContaining({ code: "ERR_SENDFILE_ROOT" }),
    );
  });

  test.each([
    "X-Accel-Redirect",
    "x-sendfile",
    "X-LIGHTTPD-Send-File",
    "X-Sendfile2",
    "x-litespeed-location",
  ])("is the only way to set %s", (name) => {
    expect(() => reply("", { headers: { [name]: "/etc/shadow" } })).toThrow("use sendfile");
    expect(() => new Reply().headers.append(name, "/etc/shadow")).toThrow("use sendfile");
  });
});
