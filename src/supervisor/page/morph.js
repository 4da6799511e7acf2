/**
 * Gives a parent these children, and changes as little as possible: what is the same stays, with its focus, its selection and what
 * the reader has opened. Children are the same if they have the same `data-key`, or none and the same name and place.
 *
 * @param {Element} parent
 * @param {readonly Node[]} wanted
 */
export function morph(parent, wanted) {
  const keys = new Set(wanted.map(keyOf));
  /** @type {Map<string, ChildNode>} */
  const keyed = new Map();
  for (const child of parent.childNodes) {
    const key = keyOf(child);
    if (key !== undefined) keyed.set(key, child);
  }
  let at = parent.firstChild;
  const skip = () => {
    for (let key = keyOf(at); at !== null && key !== undefined && !keys.has(key); key = keyOf(at)) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  };
  for (const node of wanted) {
    skip();
    const same = counterpart(node, keyed, at);
    if (same === undefined) {
      parent.insertBefore(node, at);
      continue;
    }
    if (same === at) at = at.nextSibling;
    else parent.insertBefore(same, at);
    update(same, node);
  }
  while (at !== null) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

/**
 * @param {Node} node
 * @param {Map<string, ChildNode>} keyed what is left of the children with a key
 * @param {ChildNode | null} at the child in its place
 * @returns {ChildNode | undefined} what it is to become
 */
function counterpart(node, keyed, at) {
  const key = keyOf(node);
  if (key === undefined)
    return at !== null && keyOf(at) === undefined && at.nodeName === node.nodeName ? at : undefined;
  const same = keyed.get(key);
  keyed.delete(key);
  return same?.nodeName === node.nodeName ? same : undefined;
}

/**
 * @param {Node} node
 * @param {Node} wanted of the same name
 */
function update(node, wanted) {
  if (node instanceof Element && wanted instanceof Element) {
    for (const { name } of Array.from(node.attributes))
      // Only the reader opens and closes.
      if (!wanted.hasAttribute(name) && name !== "open") node.removeAttribute(name);
    for (const { name, value } of wanted.attributes)
      if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    morph(node, Array.from(wanted.childNodes));
  } else if (node.nodeValue !== wanted.nodeValue) {
    node.nodeValue = wanted.nodeValue;
  }
}

/**
 * @param {Node | null} node
 * @returns {string | undefined}
 */
function keyOf(node) {
  return (node instanceof Element && node.getAttribute("data-key")) || undefined;
}
