import { chownSync, existsSync, mkdirSync } from "node:fs";
import type { Logger } from "pino";

import { kindOfDescriptor } from "../process/descriptor.js";
import { howStarted } from "../process/how-started.js";
import { takeSystemdSockets } from "../process/systemd-sockets.js";
import { formatAddress, parseAddress, type AddressLike } from "../protocol/address.js";
import { controlFolder, makeControlFolder } from "./control-folder.js";
import type { Identity } from "./identity.js";
import { ListeningSockets } from "./listening-sockets.js";
import { meetingPoint } from "./orphans.js";
import { Takeover } from "./takeover.js";

type Listen = AddressLike | readonly AddressLike[] | undefined;

function addressesOf(listen: Listen): readonly AddressLike[] {
  const start = howStarted(listen, {
    named: process.env["TRICORN_LISTEN"],
    isCgi: false,
    kindOf: kindOfDescriptor,
    systemdSockets: takeSystemdSockets,
  });
  return start.kind === "listen" ? start.addresses : [];
}

/** What the meeting point of masters and orphans depends on. */
export interface MeetingFacts {
  readonly script: string;
  readonly log: Logger;
  readonly identity: Identity | undefined;
}

/** The sockets of a master, and how it comes to them. */
export interface OpenSockets {
  readonly sockets: ListeningSockets;
  /** Where the next master finds the workers of this one. */
  readonly next: string | undefined;
  readonly takeover: Takeover | undefined;
}

/** Binds the sockets, or gets them from the workers of a master that has died. */
export async function openSockets(listen: Listen, facts: MeetingFacts): Promise<OpenSockets> {
  const addresses = addressesOf(listen);
  const lost = meetingPointOf(addresses, facts);
  const takeover = lost === undefined ? undefined : await Takeover.begin(lost, facts.log);
  const sockets = await bindAll(addresses, takeover);
  const isAnyPort = addresses.some((address) => formatAddress(parseAddress(address)).endsWith(":0"));
  return { sockets, takeover, next: isAnyPort ? meetingPointOf(sockets.addresses, facts) : lost };
}

/** Where a later master finds the workers of this one; undefined if there is no safe place. */
function meetingPointOf(
  addresses: readonly AddressLike[],
  { script, log, identity }: MeetingFacts,
): string | undefined {
  const uid = identity?.uid ?? process.getuid?.() ?? 0;
  // Workers of another user have no access to the folder of this one.
  const environment = identity === undefined ? process.env : {};
  const folder = controlFolder({ uid, environment });
  try {
    if (identity !== undefined && !existsSync(folder)) {
      mkdirSync(folder, { mode: 0o700 });
      chownSync(folder, identity.uid, identity.gid);
    }
    makeControlFolder(folder, uid);
    return meetingPoint(folder, { script, addresses });
  } catch (error) {
    log.warn(`No later master can take over from this one: ${(error as Error).message}`);
    return undefined;
  }
}

async function bindAll(
  addresses: readonly AddressLike[],
  takeover: Takeover | undefined,
): Promise<ListeningSockets> {
  const sockets = new ListeningSockets();
  try {
    for (const [index, address] of addresses.entries()) await sockets.bind(address, takeover?.sockets[index]);
  } catch (error) {
    sockets.close();
    throw error;
  }
  return sockets;
}
