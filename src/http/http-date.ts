const DAYS = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const MONTHS = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = String.raw`\d\d:\d\d:\d\d`;

/** The three forms that a recipient must accept (RFC 9110, section 5.6.7), all in UTC. */
const WITH_ZONE = [
  new RegExp(`^${DAYS}, \\d\\d ${MONTHS} \\d{4} ${TIME} GMT$`),
  new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \\d\\d-${MONTHS}-\\d\\d ${TIME} GMT$`),
];
const WITHOUT_ZONE = new RegExp(`^${DAYS} ${MONTHS} [ \\d]\\d ${TIME} \\d{4}$`);

/** Parses an HTTP-date to seconds since the epoch. Returns undefined for an invalid date, which must be ignored. */
export function parseHttpDate(text: string): number | undefined {
  const known = WITH_ZONE.some((form) => form.test(text));
  if (!known && !WITHOUT_ZONE.test(text)) return undefined;
  const time = Date.parse(known ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time / 1000;
}

/** Formats seconds since the epoch as an HTTP-date. */
export function formatHttpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString();
}
