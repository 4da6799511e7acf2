import type { SessionFigures, Target } from "../fuzz/drive.js";
import { Peer } from "../fuzz/peer.js";
import type { Random } from "../fuzz/random.js";
import { inTime } from "../fuzz/time.js";
import { begin, get, post } from "../../support/records.js";

const MEBIBYTE = 2 ** 20;

/** One connection that wants much: large bodies, slow reading, requests that nobody finishes. */
export async function stress(random: Random, target: Target): Promise<SessionFigures> {
  const peer = new Peer(target.open());
  switch (random.whole(0, 3)) {
    case 0: {
      const body = Buffer.alloc(random.whole(1, 8) * MEBIBYTE, "x");
      peer.send(post(1, "/count", body));
      await peer.answered(1);
      requireText(peer, `\r\n\r\n${body.length}`);
      break;
    }
    case 1: {
      // A large body that is left in the middle.
      const whole = post(
        1,
        random.pick(["/count", "/unread", "/echo-stream"]),
        Buffer.alloc(4 * MEBIBYTE, "y"),
      );
      peer.send(whole.subarray(0, random.whole(1, whole.length - 1)));
      break;
    }
    case 2: {
      // Six large answers, read in small sips.
      for (let id = 1; id <= 6; id += 1) peer.send(get(id, "/big"));
      for (let sip = 0; sip < 20; sip += 1) {
        peer.socket.pause();
        await new Promise((resolve) => setTimeout(resolve, random.whole(1, 20)));
        peer.socket.resume();
      }
      await peer.answered(6);
      break;
    }
    default:
      for (let id = 1; id <= 200; id += 1) peer.send(begin(id));
  }
  const answered = peer.traffic.received.length > 0 ? 1 : 0;
  peer.sayGoodbye(random.pick(["end", "destroy", "reset"]));
  await inTime(peer.closed, "a connection under stress did not close");
  return { begun: 1, answered, slowestProbe: 0 };
}

function requireText(peer: Peer, text: string): void {
  const received = peer.traffic.received.toString("latin1");
  if (!received.includes(text)) throw new Error(`the answer is ${JSON.stringify(received.slice(0, 300))}`);
}
