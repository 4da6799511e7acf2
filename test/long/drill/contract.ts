/** The variable with the number of the release that runs. */
export const RELEASE = "DRILL_RELEASE";

/** The variable with the time that `onStart` takes; ms. */
export const START_TIME = "DRILL_START_TIME";

/** What only an allowed request may see. */
export const CANARY = "The canary sings";

/** The Authorization field that the authorizer allows. */
export const CREDENTIALS = "Bearer lovelace";
