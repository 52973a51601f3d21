const data = JSON.parse(document.getElementById("data").textContent);

/** The cell of a packed column: text and numbers as they are, or by their place among distinct entries. */
function cellOf(column, row) {
  return Array.isArray(column) ? column[row] : column.of[column.at[row]];
}

function cell(table, key, row) {
  const column = table.data[key];
  return column === undefined ? "" : cellOf(column, row);
}

/** An element with attributes and children; text is always text, never markup. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Text that may run from right to left, kept from turning what stands beside it. */
function bdi(text) {
  return make("bdi", {}, text);
}

const formats = [0, 1, 2, 3, 4].map((digits) => new Intl.NumberFormat("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits || 3 }));

function shown(value, column) {
  if (value === null || value === "") return "";
  return typeof value === "number" ? formats[column.digits].format(value) : String(value);
}

const collator = new Intl.Collator("en-GB", { numeric: true, sensitivity: "base" });

/** Blanks last, numbers by size, text as people sort it. */
function compare(a, b) {
  const blank = (value) => value === null || value === "";
  if (blank(a) || blank(b)) return blank(a) - blank(b);
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b);
}

/** A phrase as it stands within a sentence. */
function within(phrase) {
  return /^.[A-Z]/.test(phrase) ? phrase : phrase[0].toLowerCase() + phrase.slice(1);
}

function plural(count, one, many) {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}

/** On paper everything that is folded away is shown. */
addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach((part) => part.toggleAttribute("data-folded", (part.open = true))));
addEventListener("afterprint", () => document.querySelectorAll("[data-folded]").forEach((part) => part.removeAttribute("data-folded") ?? (part.open = false)));
