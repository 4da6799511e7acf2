import { EventEmitter, once } from "node:events";
import { singleton } from "tricorn";

/** What happens in the contract application, in words that its tests wait for. */
export type Cue = "waiting" | "aborted" | "pouring" | "stopped" | "go on";

/** How the contract application and its test tell each other how far they are. */
@singleton()
export class Stage {
  readonly #events = new EventEmitter();

  tell(cue: Cue): void {
    this.#events.emit(cue);
  }

  /** Resolves at the next time that this is told. */
  async when(cue: Cue): Promise<void> {
    await once(this.#events, cue);
  }
}
