import type { Params } from "../protocol/params.js";

/**
 * How a Web server writes the path of a request into a variable: `raw`, percent-encoded as the client wrote it; `decoded`
 * once, so that a "%2e" in it is three literal characters; or `decoded but for slashes`, so that an encoded slash stays "%2F".
 */
export type PathForm = "raw" | "decoded" | "decoded but for slashes";

/** The form of a variable. */
export interface PathVariable {
  readonly usual: PathForm;
  /** Its form in requests of servers with this prefix of SERVER_SOFTWARE. */
  readonly behind?: readonly (readonly [software: string, form: PathForm])[];
}

/** A variable that {@link formOf} knows. */
export type PathVariableName =
  | "REQUEST_URI"
  | "TRICORN_URI"
  | "QUERY_STRING"
  | "SCRIPT_NAME"
  | "PATH_INFO"
  | "PATH_TRANSLATED"
  | "SCRIPT_FILENAME"
  | "DOCUMENT_URI";

/** Apache accepts an encoded slash only with `AllowEncodedSlashes`: `NoDecode` keeps it, `On` decodes it. */
const asScripts: PathVariable["behind"] = [
  ["Apache", "decoded but for slashes"],
  ["Jetty", "raw"],
];

/**
 * The variables that carry a path or a query, and their forms for all Web servers. RFC 3875, sections 4.1.5, 4.1.6 and
 * 4.1.13, decodes PATH_INFO, PATH_TRANSLATED and SCRIPT_NAME, and 4.1.7 leaves QUERY_STRING encoded; the rest is convention. A
 * decoded variable is never decoded again: `/x/%252e%252e/private` is decoded to "/x/%2e%2e/private", which no server reads as
 * "/private".
 */
export const pathVariables: Readonly<Record<PathVariableName, PathVariable>> = {
  // The form of its path; its query is always raw.
  REQUEST_URI: {
    usual: "raw",
    behind: [
      ["Cherokee", "decoded"],
      ["Microsoft-IIS", "decoded"],
    ],
  },
  TRICORN_URI: { usual: "raw" },
  QUERY_STRING: { usual: "raw" },
  SCRIPT_NAME: { usual: "decoded", behind: asScripts },
  PATH_INFO: { usual: "decoded", behind: asScripts },
  PATH_TRANSLATED: { usual: "decoded", behind: asScripts },
  SCRIPT_FILENAME: { usual: "decoded", behind: asScripts },
  DOCUMENT_URI: { usual: "decoded", behind: [["Jetty", "raw"]] },
};

/** Returns the form in which the Web server of a request writes this variable. */
export function formOf(params: Params, name: PathVariableName): PathForm {
  const { usual, behind } = pathVariables[name];
  if (behind === undefined) return usual;
  for (const [software, form] of behind) if (params.beginsWith("SERVER_SOFTWARE", software)) return form;
  return usual;
}
