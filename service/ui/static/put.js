// Changes of the page that cost nothing when nothing has changed.
export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function mark(node, key, value) {
  if (value === undefined || value === null) delete node.dataset[key];
  else if (node.dataset[key] !== String(value)) node.dataset[key] = value;
}

// As many children as items; the first ones are used again.
export function fill(root, items, make, update) {
  while (root.children.length > items.length) root.lastChild.remove();
  while (root.children.length < items.length) root.append(make());
  items.forEach((item, index) => update(root.children[index], item));
}
