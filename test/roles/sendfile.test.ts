import { posix } from "node:path";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Reply, reply } from "../../src/roles/reply.js";
import { sendfile } from "../../src/roles/sendfile.js";

describe("sendfile", () => {
  test.each([
    ["X-Accel-Redirect", "/protected", "a b/c%d.pdf", "/protected/a%20b/c%25d.pdf"],
    ["X-Accel-Redirect", "/protected/", "/report.pdf", "/protected/report.pdf"],
    ["X-Accel-Redirect", "/protected", "a?b#c;d+e&f", "/protected/a%3Fb%23c%3Bd%2Be%26f"],
    ["X-LiteSpeed-Location", "/protected", "a?b/\u00fc%2e", "/protected/a%3Fb/%C3%BC%252e"],
    ["X-Sendfile", "/srv/files", "a b/c%d.pdf", "/srv/files/a b/c%25d.pdf"],
    ["X-Sendfile", "/srv/files", "..%2fsecret", "/srv/files/..%252fsecret"],
    ["X-Sendfile", "/srv/files", "\u00fc?#;+.txt", "/srv/files/\u00c3\u00bc?#;+.txt"],
    ["X-Sendfile", "/srv/files", "a  ", "/srv/files/a %20"],
    ["X-Sendfile", "/srv/50%", "a", "/srv/50%25/a"],
    ["X-LIGHTTPD-send-file", "/srv/files", "..hidden/x", "/srv/files/..hidden/x"],
    ["X-LIGHTTPD-send-file", "/srv/files", "%2e%2e/secret", "/srv/files/%252e%252e/secret"],
    ["X-LIGHTTPD-send-file", "/srv/files", "a b\u00fc?", "/srv/files/a%20b%C3%BC%3F"],
  ] as const)("through %s below %s sends the path %j", (via, root, path, value) => {
    const answer = sendfile({ via, root })(path, { headers: { "Cache-Control": "private" } });

    expect([...answer.headers]).toEqual([
      ["Cache-Control", "private"],
      [via, value],
    ]);
    expect(answer).toMatchObject({ status: 200, body: undefined, type: undefined });
  });

  const vias = ["X-Accel-Redirect", "X-Sendfile", "X-LIGHTTPD-send-file", "X-LiteSpeed-Location"] as const;

  test.each([
    "../secret",
    "a/../../secret",
    "..",
    "..\\secret",
    "a\\..\\..\\b",
    "a\0b",
    "a\r\nX: y",
    "a\nb",
    "a\x1f",
    "a\x7f",
    "a\ud800",
  ])("answers 404 for %j, which could leave the root or end early", (path) => {
    for (const via of vias)
      expect(() => sendfile({ via, root: "/srv/files" })(path), via).toThrow(
        expect.objectContaining({ status: 404 }),
      );
  });

  test("gives readers that do not decode the raw path, or none if it would be cut short", () => {
    const send = sendfile({ via: "X-Sendfile", root: "/srv/files", decoded: false });
    expect(send("100%41 \u00fc.txt").headers.get("X-Sendfile")).toBe("/srv/files/100%41 \u00c3\u00bc.txt");
    expect(() => send("a ")).toThrow(expect.objectContaining({ status: 404 }));
    expect(() => send("a\t")).toThrow(expect.objectContaining({ status: 404 }));
  });

  test.each(vias.filter((via) => via !== "X-Sendfile"))(
    "refuses %s, for which a raw path would be decoded",
    (via) => {
      expect(() => sendfile({ via, root: "/srv/files", decoded: false })).toThrow(
        expect.objectContaining({ code: "ERR_SENDFILE_DECODED" }),
      );
    },
  );

  test("stays below the root for every path, decoded and resolved as lighttpd does", () => {
    const piece = fc.constantFrom(
      "..",
      ".",
      "%",
      "2e",
      "2f",
      "%2e",
      "%2F",
      "%25",
      "/",
      "\\",
      "a",
      ";",
      "?",
      "#",
      " ",
    );
    let sent = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom(...vias), (pieces, via) => {
        const path = pieces.join("");
        let value: string;
        try {
          value = sendfile({ via, root: "/srv/files" })(path).headers.get(via)!;
        } catch (error) {
          expect(error).toMatchObject({ status: 404 });
          return;
        }
        expect(value).toMatch(/^\/srv\/files\//);
        const opened = decodeURIComponent(value);
        expect(opened).toBe(`/srv/files/${path.replace(/^\/+/, "")}`);
        expect(`${posix.normalize(opened)}/`).toMatch(/^\/srv\/files\//);
        sent += 1;
      }),
    );
    expect(sent).toBeGreaterThan(20);
  });

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
    "X-SendFile-Temporary",
    "x-litespeed-location",
  ])("is the only way to set %s", (name) => {
    expect(() => reply("", { headers: { [name]: "/etc/shadow" } })).toThrow("use sendfile");
    expect(() => new Reply().headers.append(name, "/etc/shadow")).toThrow("use sendfile");
  });
});
