export { application as default } from "./application.js";
