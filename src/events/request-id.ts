/** Which process: its id alone may come back for another one. Without a module for random numbers, which costs time at start. */
const PROCESS = `${process.pid.toString(36)}-${Math.round(performance.timeOrigin).toString(36)}`;
let last = 0;

/** An id that no other request of any process of this machine has, and that a log can be searched for. */
export function nextRequestId(): string {
  last += 1;
  return `${PROCESS}-${last.toString(36)}`;
}
