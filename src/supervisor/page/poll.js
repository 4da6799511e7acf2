/** @import { Status } from "../status.js" */

/** The time from an answer to the next question; ms. */
const PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;
/** How long an answer may take; the master waits at most 1 s for its workers; ms. */
const LIMIT = 8_000;

/** What the Web server means by a status. */
const MEANINGS = /** @type {Readonly<Record<number, string>>} */ ({
  401: "it does not admit this browser",
  403: "it does not admit this browser",
  404: "it does not pass this path on to the master",
  500: "see the log of the master and that of the Web server",
  502: "no master answers behind it; it has stopped, or it starts",
  503: "no master answers behind it; it has stopped, or it starts",
  504: "the master does not answer it in time",
});

/**
 * Why there is no status.
 *
 * @typedef {object} Loss
 * @property {string} reason
 * @property {number} pause until the next question; ms
 */

/**
 * Who is shown what is asked.
 *
 * @typedef {object} Viewer
 * @property {(status: Status) => void} show
 * @property {(loss: Loss) => void} lose
 * @property {() => void} pause nothing is asked while the page is hidden
 */

/**
 * Asks for the status, again and again while the page is visible, and more rarely while there is none.
 *
 * @param {Viewer} viewer
 * @returns {() => void} asks at once
 */
export function poll(viewer) {
  let timer = 0;
  let losses = 0;
  let isAsking = false;

  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    window.clearTimeout(timer);
    const answer = await askOnce();
    isAsking = false;
    losses = typeof answer === "string" ? losses + 1 : 0;
    const pause = Math.min(PAUSE * 2 ** losses, LONGEST_PAUSE);
    if (typeof answer === "string") viewer.lose({ reason: answer, pause });
    else viewer.show(answer);
    if (document.hidden) viewer.pause();
    else timer = window.setTimeout(() => void ask(), pause);
  };

  document.addEventListener("visibilitychange", () => {
    window.clearTimeout(timer);
    if (document.hidden) viewer.pause();
    else void ask();
  });
  window.addEventListener("online", () => void ask());
  void ask();
  return () => void ask();
}

/** @returns {Promise<Status | string>} the status, or why there is none */
async function askOnce() {
  try {
    const response = await fetch("?json", { cache: "no-store", signal: AbortSignal.timeout(LIMIT) });
    if (!response.ok) {
      const meaning = MEANINGS[response.status];
      return `The Web server answers ${response.status}${meaning === undefined ? "" : `: ${meaning}`}.`;
    }
    const answer = /** @type {unknown} */ (await response.json());
    return isStatus(answer) ? answer : NOT_A_STATUS;
  } catch (error) {
    if (error instanceof SyntaxError) return NOT_A_STATUS;
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    return isLate ? `There was no answer for ${LIMIT / 1000} s.` : "The Web server does not answer.";
  }
}

const NOT_A_STATUS = "Something else than the master answers here.";

/**
 * @param {unknown} answer
 * @returns {answer is Status}
 */
function isStatus(answer) {
  return typeof answer === "object" && answer !== null && "workers" in answer && "lastReloads" in answer;
}
