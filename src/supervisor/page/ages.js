const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * @param {number} ms
 * @returns {string} "25 ms", "1.4 s", "12 s", "3 min 5 s", "2 h 10 min", "5 d 3 h"
 */
export function formatAge(ms) {
  const age = Math.max(0, ms);
  if (age < SECOND) return `${Math.round(age)} ms`;
  if (age < 10 * SECOND) return `${(Math.floor(age / 100) / 10).toFixed(1)} s`;
  if (age < MINUTE) return `${Math.floor(age / SECOND)} s`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ${Math.floor((age % MINUTE) / SECOND)} s`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h ${Math.floor((age % HOUR) / MINUTE)} min`;
  return `${Math.floor(age / DAY)} d ${Math.floor((age % DAY) / HOUR)} h`;
}

/**
 * @param {number} at ms since 1970
 * @returns {string} the time of day, where the reader is
 */
export function formatClock(at) {
  return new Date(at).toLocaleTimeString("en-GB");
}

/**
 * @param {number} at ms since 1970
 * @param {number} now
 * @returns {string} the time of day, with the date unless it is today
 */
export function formatMoment(at, now) {
  const [moment, today] = [new Date(at), new Date(now)];
  if (moment.toDateString() === today.toDateString()) return formatClock(at);
  return `${moment.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${formatClock(at)}`;
}
