import type { TricornApplication } from "../application.js";

/** How many servers each application has: it stops with the last of them. */
const uses = new WeakMap<TricornApplication, number>();

/** Starts an application for one more server. */
export async function startUse(application: TricornApplication): Promise<void> {
  await application.start();
  uses.set(application, (uses.get(application) ?? 0) + 1);
}

/** Stops an application unless another server still uses it. */
export async function stopUse(application: TricornApplication): Promise<void> {
  const left = (uses.get(application) ?? 1) - 1;
  uses.set(application, left);
  if (left === 0) await application.stop();
}
