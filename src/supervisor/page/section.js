import { element } from "./element.js";

/**
 * @param {string} id of the section of the page
 * @param {string} title
 * @param {readonly [string | undefined, ...(Node | undefined)[]]} content a remark beside the title, then what is below it
 * @returns {readonly Node[]} the content of a section
 */
export function section(id, title, [remark, ...content]) {
  return [
    element("header", {}, [
      element("h3", { id: `${id}-title` }, [title]),
      remark === undefined ? undefined : element("p", { class: "soft" }, [remark]),
    ]),
    ...content.filter((node) => node !== undefined),
  ];
}
