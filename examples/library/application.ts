import { Catalogue } from "./catalogue.js";
import { MarkdownPages } from "./markdown-pages.js";
import { MembersGate } from "./members-gate.js";
import { MembersShelf } from "./members-shelf.js";
import { PersonalPages } from "./personal-pages.js";

/** The controllers of the library. They are listed, never discovered. */
export const controllers = [MembersGate, PersonalPages, MarkdownPages, Catalogue, MembersShelf];

/** Files that the Web server may show: pages, guides and the style sheet. The members' data is elsewhere. */
export const contentRoot = new URL("content/", import.meta.url);
