// lifecycle.ts
import { singleton, type OnStart, type OnStop } from "tricorn";

@singleton()
export class Database implements OnStart, OnStop {
  async onStart() {
    // connect; a failure keeps the application from starting
  }

  async onStop() {
    // disconnect; called after the last request was answered
  }
}
