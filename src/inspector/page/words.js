const SPECIFICATION = "https://fastcgi-archives.github.io/FastCGI_Specification.html";

/**
 * What a record type is for, in one sentence, and the section of the specification that defines it.
 *
 * @type {Readonly<Record<string, { readonly sentence: string, readonly section: string }>>}
 */
const RECORD_TYPES = {
  BEGIN_REQUEST: {
    sentence:
      "The Web server begins a request, gives it a number on this connection, and names the role that it asks for.",
    section: "5.1",
  },
  PARAMS: {
    sentence:
      "The facts of the request as names and values, as CGI programs get them in their environment: method, URL, header fields. An empty record ends them.",
    section: "5.2",
  },
  STDIN: {
    sentence:
      "The body of the HTTP request, piece by piece. An empty record ends it; without a body it is the only one.",
    section: "5.3",
  },
  DATA: {
    sentence: "The file that the filter transforms, piece by piece. An empty record ends it.",
    section: "6.4",
  },
  STDOUT: {
    sentence:
      "The answer of the application: a header block, a blank line, then the body. An empty record ends it.",
    section: "5.3",
  },
  STDERR: {
    sentence:
      "What the application reports about a failure. The Web server writes it to its error log, and the browser never sees it.",
    section: "5.3",
  },
  ABORT_REQUEST: {
    sentence:
      "The Web server no longer wants the answer, often because the browser has left. The application stops and still ends the request.",
    section: "5.4",
  },
  END_REQUEST: {
    sentence: "The application has finished the request; its number on the connection is free again.",
    section: "5.5",
  },
  GET_VALUES: {
    sentence:
      "The Web server asks what the application can do: how many connections and requests, and whether requests may share a connection.",
    section: "4.1",
  },
  GET_VALUES_RESULT: {
    sentence: "The application answers GET_VALUES with the values that it knows.",
    section: "4.1",
  },
  UNKNOWN_TYPE: {
    sentence: "The application does not know the type of a management record.",
    section: "4.2",
  },
  "no record": {
    sentence:
      "These bytes are not FastCGI: the header of a record begins with its version, 1. Tricorn sends one such header when it breaks off an answer.",
    section: "3.3",
  },
};

/**
 * @param {string} type
 * @returns {{ readonly sentence: string, readonly section: string }}
 */
export function aboutRecord(type) {
  return RECORD_TYPES[type] ?? { sentence: "FastCGI 1.0 does not define this type.", section: "4.2" };
}

/**
 * @param {string} section
 * @returns {string} the address of a section of the specification
 */
export function specification(section) {
  return `${SPECIFICATION}#S${section}`;
}

/** What each role is for, and its section. */
export const ROLES = /** @type {const} */ ({
  responder: { name: "Responder", section: "6.2" },
  authorizer: { name: "Authorizer", section: "6.3" },
  filter: { name: "Filter", section: "6.4" },
});

/**
 * @param {string} role
 * @returns {string}
 */
export function roleTitle(role) {
  return role in ROLES ? ROLES[/** @type {keyof typeof ROLES} */ (role)].name : role;
}
