/**
 * Creates an element. Texts become text nodes, never HTML: what a request holds cannot become a part of the page.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Readonly<Record<string, string | number | boolean | undefined>>} [attributes] without a value, an attribute is left out
 * @param {readonly (Node | string | undefined)[]} [children]
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes = {}, children = []) {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    created.setAttribute(key, value === true ? "" : String(value));
  }
  created.append(...children.filter((child) => child !== undefined));
  return created;
}

/**
 * @param {string} id
 * @returns {HTMLElement} the element of the page with this id
 */
export function byId(id) {
  const found = document.querySelector(`#${id}`);
  if (!(found instanceof HTMLElement)) throw new Error(`There is no #${id}`);
  return found;
}
