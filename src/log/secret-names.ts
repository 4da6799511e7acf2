/** Parts that name a secret wherever they stand in a name: `sessionToken`, `PHPSESSIONID`. */
const PART =
  /password|passwd|passphrase|passcode|passkey|secret|token|credential|signature|sess(?:ion|id)|csrf|xsrf|jwt|(?:api|access|private|auth|master|signing|encryption)[-_. ]?key/i;

/** Words that name a secret; in other words they do not: `pin_code`, but neither `pinned` nor `side`. */
const WORDS = new Set(["creds", "cvc", "cvv", "pin", "sid"]);

/** Ends of words that name a secret: `pass`, `dbpass`, `userpwd`, `totp`. */
const ENDS = /(?:otp|pass|pw|pwd)$/;
const ORDINARY = new Set(["bypass", "compass", "encompass", "overpass", "surpass", "trespass", "underpass"]);

/** What makes a code a secret: `auth_code` and `verificationCode`, but neither `status_code` nor `country_code`. */
const OF_CODES = new Set(
  "access activation auth authorization backup confirmation device invite login mfa recovery reset security sms user verification".split(
    " ",
  ),
);

/** Words that name a secret as the last word of a name: `x-auth`, but neither `auth_type` nor `author`. */
const LAST_WORDS = new Set(["auth", "authorization"]);

/** Short names that hold a secret in queries and forms, and mostly something else elsewhere, such as the code of an error. */
const MEMBERS = new Set(["code", "key", "sig"]);

/** The most names that are remembered: peers choose some of them. */
const MOST_KNOWN = 1000;
/** The longest name that is judged; a longer one is no one's field. */
const LONGEST = 128;

const known = new Map<string, boolean>();

/**
 * Whether programs keep secrets under a name: of a header field, a variable, a cookie, a property, or a member of a query or form.
 * This is the one list of such names, for the log, error pages and the inspector.
 */
export function isSecretName(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const isSecret = judge(name.slice(0, LONGEST));
  if (known.size >= MOST_KNOWN) known.clear();
  if (name.length <= LONGEST) known.set(name, isSecret);
  return isSecret;
}

/** The same for the members of a query or form. */
export function isSecretMember(name: string): boolean {
  return MEMBERS.has(name.toLowerCase()) || isSecretName(name);
}

function judge(name: string): boolean {
  if (PART.test(name)) return true;
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  if (LAST_WORDS.has(last) || words.some(isSecretWord)) return true;
  return (last === "code" || last === "codes") && OF_CODES.has(words.at(-2) ?? "");
}

function isSecretWord(word: string): boolean {
  return WORDS.has(word) || (ENDS.test(word) && !ORDINARY.has(word));
}

/** The words of `userPin`, `HTTP_X_PIN` and `pins[0]` in lower case, without digits. */
function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== "");
}
