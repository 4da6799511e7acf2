// logger.ts
import { createApplication } from "tricorn";
import { destination, pino } from "pino";

const log = pino({ level: "info" }, destination({ dest: "/var/log/hats.log", sync: false }));

export const application = createApplication({ controllers: [], log });
