// Elements made of plain text: nothing here, or in any other of these files, reads a text as HTML.

function make(space, tag, attributes, children) {
  const node = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const el = (tag, attributes = {}, ...children) => make(null, tag, attributes, children);
const svg = (tag, attributes = {}, ...children) => make("http://www.w3.org/2000/svg", tag, attributes, children);

const swatch = (model) => el("span", { class: "swatch", style: `background: var(--${model.colour})`, "aria-hidden": "true" });

// One choice out of several, as buttons in a row; `chosen` is told the entry's key.
function choices(legend, name, entries, current, chosen) {
  const row = entries.map(([key, text]) =>
    el("label", {},
      el("input", { type: "radio", name, value: key, checked: key === current, onchange: () => chosen(key) }),
      el("span", {}, text)));
  return el("fieldset", { class: "choices" }, el("legend", {}, legend), el("div", {}, ...row));
}

function select(label, id, entries, current, chosen) {
  const options = entries.map(([key, text]) => el("option", { value: key, selected: key === current }, text));
  return el("div", { class: "select" }, el("label", { for: id }, label),
    el("select", { id, onchange: (event) => chosen(event.target.value) }, ...options));
}
