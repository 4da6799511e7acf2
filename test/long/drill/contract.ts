/** The variable with the number of the release that runs. */
export const RELEASE = "DRILL_RELEASE";

/** The variable with the time that `onStart` takes; ms. */
export const START_TIME = "DRILL_START_TIME";

/** What only an allowed request may see. */
export const CANARY = "The canary sings";

/** The Authorization field that the authorizer allows. */
export const CREDENTIALS = "Bearer lovelace";

/** The header field with the name of the host that has answered. */
export const HOST_FIELD = "x-drill-host";

/** The variable with that name. */
export const HOST = "DRILL_HOST";

/** The variable with the file in which a host notes when its requests begin and end. */
export const JOURNAL = "DRILL_JOURNAL";

/** The variable that has the application ask authorizers itself. */
export const IN_PROCESS = "DRILL_IN_PROCESS";
