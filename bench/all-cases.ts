import type { Case } from "./case.js";
import { adapterCases } from "./cases/adapters.js";
import { nginxCases } from "./cases/behind-nginx.js";
import { bodyCases } from "./cases/bodies.js";
import { helloCases } from "./cases/hello.js";
import { memoryCases } from "./cases/memory.js";
import { paperCase } from "./cases/paper.js";
import { bridgeCases, roleCases } from "./cases/roles.js";
import { startUpCases } from "./cases/start-up.js";
import { absenceOf, peers } from "./peers.js";

/** Every case, in the order of the document. */
export function allCases(): Case[] {
  return [
    ...helloCases(),
    ...bodyCases(),
    ...roleCases(),
    ...bridgeCases(),
    ...adapterCases(),
    ...nginxCases(),
    ...memoryCases(),
    ...startUpCases(),
    paperCase(),
  ];
}

/** Contenders that cannot be measured on this machine, and why. */
export function absences(): Map<string, string> {
  return new Map(
    Object.values(peers).flatMap((peer) => {
      const why = absenceOf(peer);
      return why === undefined ? [] : [[peer.name, why]];
    }),
  );
}
