import { expect, test } from "vitest";

import { guardParams } from "../../../src/bridges/authorizer/authorizer-params.js";
import { Params } from "../../../src/protocol/params.js";
import { targetOf } from "../../../src/paths/request-target.js";

test.each(["Microsoft-IIS/10.0", "Jetty/9.4.57", "other"])(
  "authorizers see the located path of a request without REQUEST_URI, behind %s",
  (software) => {
    const params = Params.from({ SERVER_SOFTWARE: software, SCRIPT_NAME: "/app", PATH_INFO: "/a-b" });
    expect(targetOf(guardParams(params))).toBe("/app/a-b");
    const spaced = Params.from({ SERVER_SOFTWARE: "Microsoft-IIS/10.0", SCRIPT_NAME: "", PATH_INFO: "/a b" });
    expect(targetOf(guardParams(spaced))).toBe("/a%20b");
  },
);
