import type { Deployment } from "../deployment.js";
import type { ConfigurationView, Finding } from "./examiner.js";

/** The state LISTEN of /proc/net/tcp. */
const LISTEN = "0A";

/** Returns a finding for each port of a whole server on which a program already listens, as Linux shows it. */
export async function takenPorts({ port, tls }: Deployment, view: ConfigurationView): Promise<Finding[]> {
  const taken = new Set<number>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of (await view.text(file))?.split("\n") ?? []) {
      const [, local = "", , state] = line.trim().split(/\s+/);
      if (state === LISTEN) taken.add(Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16));
    }
  }
  const wanted = tls.certificate === undefined ? [port] : [port, tls.redirectFrom];
  return wanted
    .filter((one) => taken.has(one))
    .map((one) => ({
      weight: "stops",
      place: undefined,
      fact: `a program listens on port ${one}: choose another --port, or add the application to its site with --into`,
    }));
}
