/**
 * Who is found where a Web server looks for the gate: the gate itself, which has little time for a decision; one that has
 * `patient` all the time of a test; the same in a `process` of its own; one that is `busy` with as much as it takes; an
 * application that has `none`; or nobody, because it is `gone`.
 */
export type Guard = "gate" | "patient" | "process" | "busy" | "none" | "gone";

/** How long guards may take for a decision; ms. */
export const decisionLimits: Readonly<Record<Guard, number>> = {
  gate: 100,
  patient: 20_000,
  process: 20_000,
  busy: 20_000,
  none: 100,
  gone: 100,
};

/** The variable that leads the gate's program to its post: a folder. */
export const GATE_POST = "TRICORN_TEST_POST";

/** The file of that folder which says who the program is to be, and the folder in which it writes its process id. */
export const ORDERS = "guard";
export const PIDS = "pids";
