/**
 * @param {number} count
 * @returns {string} "512 B", "1.5 KiB"
 */
export function formatBytes(count) {
  if (count < 1024) return `${count} B`;
  if (count < 1024 ** 2) return `${(count / 1024).toFixed(1)} KiB`;
  if (count < 1024 ** 3) return `${(count / 1024 ** 2).toFixed(1)} MiB`;
  return `${(count / 1024 ** 3).toFixed(1)} GiB`;
}

/**
 * @param {number} duration in milliseconds
 * @returns {string} "0.42 ms", "14 ms", "1.2 s"
 */
export function formatDuration(duration) {
  if (duration < 10) return `${duration.toFixed(2)} ms`;
  if (duration < 1000) return `${duration.toFixed(0)} ms`;
  return `${(duration / 1000).toFixed(1)} s`;
}

/**
 * @param {number} count
 * @param {string} one
 * @returns {string} "1 record", "2 records"
 */
export function counted(count, one) {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}
