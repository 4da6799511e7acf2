/** What the sources that load packages later begin with. */
const OWN_REQUIRE = "const require = createRequire(import.meta.url);";

/**
 * A plugin that puts the packages that are loaded later into a bundle: Web servers start programs as another user, who may not
 * enter the folder of the project. A bundler follows a plain `require`, and not one of `createRequire`.
 */
export const bundledRequires = {
  name: "bundled-requires",
  transform: (code: string): string | undefined =>
    code.includes(OWN_REQUIRE) ? code.replace(OWN_REQUIRE, "") : undefined,
};
