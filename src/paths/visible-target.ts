/** What no HTTP client that keeps to the rules has in a target (RFC 9112, section 3.2), and some Web servers let through. */
const INVISIBLE = /[^\x21-\x7e]/u;

/**
 * The target of a request with all that is not visible ASCII percent-encoded. As it came, it would not be the same to
 * everybody: `URL` and the `url.parse` of Express and Koa drop blanks, no-break spaces and control characters at its end,
 * and `URL` some in it too. `/admin` with a no-break space behind it, which nginx lets through, would be `/admin` to their
 * routes and another path to authorizers.
 */
export function visibleTarget(target: string): string {
  return INVISIBLE.test(target) ? target.replaceAll(new RegExp(INVISIBLE, "gu"), encodeURIComponent) : target;
}
