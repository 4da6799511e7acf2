import type { Case } from "./case.js";
import { adapterCases } from "./cases/adapters.js";
import { nginxCases } from "./cases/behind-nginx.js";
import { helloCases } from "./cases/hello.js";
import { memoryCases } from "./cases/memory.js";
import { paperCase } from "./cases/paper.js";
import { payloadCases } from "./cases/payload.js";
import { roleCases } from "./cases/roles.js";
import { startUpCases } from "./cases/start-up.js";
import { absenceOf, peers } from "./peers.js";

/** Every case, in the order of the document; each contender under load is measured for `seconds`. */
export function allCases(seconds: number): Case[] {
  return [
    ...helloCases(seconds),
    ...payloadCases(seconds),
    ...roleCases(seconds),
    ...adapterCases(seconds),
    ...nginxCases(seconds),
    ...memoryCases(),
    ...startUpCases(),
    paperCase(seconds),
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
