/** Advice if the Web server starts the application, and the deployment has no command. */
export const COMMAND_CURE = "add `-- node dist/main.js` after the options, or `command` to the deployment";
