// isolated.ts
import { createApplication, createContainer } from "tricorn";
import { BookController, Books, type Clock } from "./books.js";

const container = createContainer();
container.register<Clock>("Clock", { useValue: { now: () => new Date(0) } });
container.registerInstance(Books, { list: ["a book for the test"] });

export const application = createApplication({ controllers: [BookController], container });
