// tsyringe throws unless it is loaded first.
import "reflect-metadata";
import * as original from "tsyringe";
import { expect, onTestFinished, test, vi } from "vitest";

import {
  Lifecycle,
  container,
  createContainer,
  injectable,
  scoped,
  singleton,
} from "../../src/decorators/container.js";

test("Lifecycle is that of tsyringe", () => {
  expect(Lifecycle).toEqual(original.Lifecycle);
});

test("the container is tsyringe's global one, with all that it can do", async () => {
  class Shared {}
  container.registerSingleton(Shared);
  expect(original.container.resolve(Shared)).toBe(container.resolve(Shared));
  original.container.register("token", { useValue: 1 });
  expect([container.isRegistered("token"), container.resolve("token")]).toEqual([true, 1]);
  expect(Object.getPrototypeOf(container)).toBe(Object.getPrototypeOf(original.container));
  expect(Reflect.ownKeys(container)).toEqual(Reflect.ownKeys(original.container));
  expect(["resolve" in container, "unknown" in container]).toEqual([true, false]);

  const child = container.createChildContainer();
  child.register("token", { useValue: 2 });
  expect([child.resolve("token"), createContainer().resolve("token")]).toEqual([2, 1]);
  await child.dispose();
  // Values are instances.
  container.clearInstances();
  expect(original.container.isRegistered("token")).toBe(false);
});

test("a method of the container can be replaced by a test's double, and put back", () => {
  const spy = vi.spyOn(container, "resolve").mockReturnValue("double");
  onTestFinished(() => spy.mockRestore());
  expect([container.resolve("any"), original.container.resolve("any")]).toEqual(["double", "double"]);
  spy.mockRestore();
  expect(() => original.container.resolve("any")).toThrow("unregistered");
});

test("the decorators are those of tsyringe", () => {
  @injectable({ token: "Named" })
  class Named {}
  @scoped(Lifecycle.ContainerScoped)
  class Scoped {}
  @singleton()
  class Single {}
  onTestFinished(() => original.container.reset());
  expect(original.container.resolve("Named")).toBeInstanceOf(Named);
  const child = original.container.createChildContainer();
  expect(child.resolve(Scoped)).toBe(child.resolve(Scoped));
  expect(child.resolve(Scoped)).not.toBe(original.container.createChildContainer().resolve(Scoped));
  expect(original.container.resolve(Single)).toBe(container.resolve(Single));
});
