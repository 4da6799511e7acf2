/** What to do where a configuration starts the application and nobody has said how. */
export const COMMAND_CURE = "write `-- node dist/main.js` behind the options, or `command` in the deployment";
