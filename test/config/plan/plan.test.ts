import { describe, expect, test } from "vitest";

import { parseDeployment, type DeploymentInput } from "../../../src/config/deployment.js";
import { routingPlanOf, type RoutingPlan } from "../../../src/config/plan/plan.js";
import { library, unknown, type Description } from "../support.js";

function plan(deployment: DeploymentInput, description: Description): RoutingPlan {
  return routingPlanOf({ deployment: parseDeployment(deployment), description });
}

describe("routingPlanOf", () => {
  test("uses the description of the application, below the mount", () => {
    expect(plan({ mount: "/app" }, library)).toMatchObject({
      protect: ["/app/members/**", "*.pdf"],
      filter: ["*.md"],
      respond: ["/app", "/app/books/*", "/app/ticks"],
      streams: ["/app/ticks"],
      variables: ["AUTH_USER", "AUTH_ROLE"],
    });
  });

  test("adds what the deployment names, and removes nothing", () => {
    const deployment = {
      mount: "/app",
      protect: ["/staff/**"],
      filter: ["/docs/*.txt"],
      streams: ["/events"],
      variables: ["AUTH_USER", "TEAM"],
    };
    expect(plan(deployment, library)).toMatchObject({
      protect: ["/app/members/**", "*.pdf", "/app/staff/**"],
      filter: ["*.md", "/app/docs/*.txt"],
      streams: ["/app/ticks", "/app/events"],
      variables: ["AUTH_USER", "AUTH_ROLE", "TEAM"],
    });
    const empty = { protect: [], filter: [], streams: [], variables: [] };
    expect(plan(empty, library)).toMatchObject({ protect: ["/members/**", "*.pdf"], filter: ["*.md"] });
  });

  test("protects everything for an authorizer without globs", () => {
    const everything = { ...library, authorizers: [{ paths: [] }] };
    expect(plan({}, everything).protect).toEqual(["/**"]);
    expect(plan({ mount: "/app" }, everything).protect).toEqual(["/app/**"]);
  });

  test("has no routes for an unknown application, and all for one without routes", () => {
    expect(plan({}, unknown).respond).toBeUndefined();
    expect(plan({}, { ...unknown, filters: [{ paths: ["*.md"] }] }).respond).toEqual([]);
  });

  test("takes a path with glob characters literally", () => {
    const routes = {
      ...unknown,
      responders: [{ routes: [{ path: "/a*b" }, { path: "/c[d]" }, { path: "/$" }] }],
    };
    expect(plan({}, routes).respond).toEqual(["/a*{,/**}", "/c\\[d\\]", "/\\$"]);
  });

  test("passes no variables if there are no authorizers", () => {
    expect(plan({ variables: ["AUTH_USER"] }, unknown).variables).toEqual([]);
    expect(plan({ variables: ["AUTH_USER"], protect: ["/a"] }, unknown).variables).toEqual(["AUTH_USER"]);
  });

  test("refuses an invalid variable name from any source", () => {
    const odd = { ...library, authorizers: [{ paths: ["/**"], variables: ["A\n B"] }] };
    expect(() => plan({}, odd)).toThrow('Cannot set variable "A\\n B"');
  });
});
