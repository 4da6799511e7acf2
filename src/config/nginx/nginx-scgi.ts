/**
 * Directives that nginx's SCGI module has under its own prefix. `fastcgi_split_path_info` only sets variables, which every module
 * can use.
 */
const DIRECTIVE = /^( *)fastcgi_(?!split_path_info|temp_path)/gm;
/** Lines about kept connections, which SCGI has not, and the header that nginx itself sends first. */
const WITHOUT_MEANING = /^ *(?:fastcgi_keep_conn|keepalive|fastcgi_param CONTENT_LENGTH) .*\n/gm;
/** The first param of each list. */
const FIRST = /^( *)(?=fastcgi_param GATEWAY_INTERFACE )/gm;

/** Makes a configuration for FastCGI one for SCGI. */
export function asScgi(text: string): string {
  return text
    .replaceAll(WITHOUT_MEANING, "")
    .replaceAll(FIRST, "$1fastcgi_param SCGI 1;\n$1")
    .replaceAll(DIRECTIVE, "$1scgi_")
    .replaceAll("other FastCGI applications", "other SCGI applications");
}
