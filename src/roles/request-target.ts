/** A target in absolute-form (RFC 9112, section 3.2.2): its authority, and what follows. */
const ABSOLUTE_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)(.*)$/s;

/** A request target in origin-form: scheme and authority of an absolute-form are cut off, others stay as they are. */
export function originForm(target: string): string {
  if (target === "" || target.charCodeAt(0) === 0x2f) return target;
  const rest = ABSOLUTE_FORM.exec(target)?.[2];
  if (rest === undefined) return target;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** The authority of a request target in absolute-form; undefined for other forms. It goes before that of Host. */
export function authorityOf(target: string): string | undefined {
  if (target === "" || target.charCodeAt(0) === 0x2f) return undefined;
  return ABSOLUTE_FORM.exec(target)?.[1];
}
