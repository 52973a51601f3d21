const PAGE_SIZES = [10, 25, 100];
const WIDE = 60;
const PHRASE = 18;

/** A table of the page: searched, sorted and shown a page at a time. `pick(kind, id)` leads to the map, `named(id)` is a name. */
class DataTable {
  constructor(section, table, pick, has, named = (id) => id) {
    Object.assign(this, { section, table, pick, has, named, query: "", order: null, descending: false, start: 0, perPage: PAGE_SIZES[0], keep: () => true, picked: -1, complete: false });
    this.holder = section.querySelector(".holder");
    this.lay();
    this.refresh();
  }

  lay() {
    const name = this.table.name;
    this.search = make("input", { type: "search", id: `${name}-search`, autocomplete: "off", on: { input: () => this.find(this.search.value) } });
    const sizes = [...PAGE_SIZES.filter((size) => size < this.table.size), Infinity];
    this.size = make("select", { on: { change: () => this.resize() } }, ...sizes.map((size) => make("option", { value: size }, size === Infinity ? "all" : size)));
    this.perPage = sizes[0];
    const rows = `rows of ${within(this.table.caption)}`;
    this.back = make("button", { type: "button", "aria-label": `Previous ${rows}`, on: { click: () => this.turn(-1) } }, "Previous");
    this.next = make("button", { type: "button", "aria-label": `Next ${rows}`, on: { click: () => this.turn(1) } }, "Next");
    this.told = make("p", { class: "told", role: "status" });
    this.heads = new Map(this.table.columns.map((column) => [column, this.head(column)]));
    this.headings = make("tr", { role: "row" });
    this.body = make("tbody", { role: "rowgroup" });
    const grid = make("table", { role: "table" }, make("caption", { class: "hidden" }, this.table.caption), make("thead", { role: "rowgroup" }, this.headings), this.body);
    this.tools = make("div", { class: "tools" }, make("label", {}, `Search ${within(this.table.caption)}`, this.search), make("label", {}, "Rows at a time", this.size), this.back, this.next);
    if (this.table.columns.some(({ further }) => further)) this.tools.append(this.completer());
    if (!this.table.columns.length) return this.holder.append(this.told);
    this.holder.append(this.tools, this.told, make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${this.table.caption}: rows` }, grid));
  }

  /** The box that asks for every column; the first ones are those that most people read. */
  completer() {
    const box = make("input", { type: "checkbox", on: { change: () => this.widen(box.checked) } });
    return make("label", { class: "check" }, box, "All columns");
  }

  widen(complete) {
    this.complete = complete;
    this.show();
  }

  get columns() {
    return this.table.columns.filter(({ further }) => this.complete || !further);
  }

  head(column) {
    const button = make("button", { type: "button", on: { click: () => this.sort(column.key) } }, column.label);
    return make("th", { scope: "col", role: "columnheader", "aria-sort": "none", class: column.kind === "number" ? "number" : "" }, button);
  }

  find(text) {
    this.query = text.trim().toLocaleLowerCase("en-GB");
    this.start = 0;
    this.refresh();
  }

  filter(keep) {
    this.keep = keep;
    this.start = 0;
    this.refresh();
  }

  sort(key) {
    this.descending = this.order === key && !this.descending;
    this.order = key;
    this.start = 0;
    for (const [column, head] of this.heads) head.setAttribute("aria-sort", column.key !== key ? "none" : this.descending ? "descending" : "ascending");
    this.refresh();
  }

  turn(way) {
    this.start += way * this.perPage;
    this.show();
  }

  resize() {
    this.perPage = Number(this.size.value);
    this.start = 0;
    this.show();
  }

  /** The text of each row in lower case, made when it is first searched. */
  get texts() {
    this.lower ??= Array.from({ length: this.table.size }, (_, row) => this.table.columns.map((column) => this.saying(column, row)).join("\n").toLocaleLowerCase("en-GB"));
    return this.lower;
  }

  refresh() {
    const rows = [];
    const words = this.query.split(/\s+/).filter(Boolean);
    for (let row = 0; row < this.table.size; row++) {
      if (this.keep(row) && words.every((word) => this.texts[row].includes(word))) rows.push(row);
    }
    if (this.order !== null) {
      const way = this.descending ? -1 : 1;
      const value = (row) => cell(this.table, this.order, row);
      const blank = (entry) => entry === null || entry === "";
      rows.sort((a, b) => (blank(value(a)) || blank(value(b)) ? compare(value(a), value(b)) : way * compare(value(a), value(b))) || a - b);
    }
    this.rows = rows;
    this.show();
  }

  show() {
    this.headings.replaceChildren(...this.columns.map((column) => this.heads.get(column)));
    const end = Math.min(this.start + this.perPage, this.rows.length);
    this.body.replaceChildren(...this.rows.slice(this.start, end).map((row) => this.line(row)));
    this.back.disabled = this.start === 0;
    this.next.disabled = end >= this.rows.length;
    const total = this.table.size.toLocaleString("en-GB");
    if (!this.table.size) this.told.textContent = this.table.empty;
    else if (!this.rows.length) this.told.textContent = `None of the ${total} fits the search and the filters.`;
    else this.told.textContent = `${(this.start + 1).toLocaleString("en-GB")} to ${end.toLocaleString("en-GB")} of ${this.rows.length.toLocaleString("en-GB")}${this.rows.length < this.table.size ? ` (${total} in all)` : ""}`;
  }

  /** What a cell says; identifiers within a sentence are told as names. */
  saying(column, row) {
    const value = shown(cell(this.table, column.key, row), column);
    return column.kind === "ids" ? value.replace(/[^\s;]+/g, this.named) : value;
  }

  line(row) {
    const cells = this.columns.map((column, n) => {
      const value = this.saying(column, row);
      const attributes = { class: column.kind === "number" ? "number" : column.kind === "school" || column.kind === "nle" ? "name" : value.length > WIDE ? "wide" : value.length > PHRASE ? "phrase" : "" };
      if (n === 0) return make("th", { scope: "row", role: "rowheader", ...attributes }, this.content(column, value, row));
      return make("td", { role: "cell", "data-label": column.label, ...attributes, class: `${attributes.class}${value === "" ? " blank" : ""}` }, this.content(column, value, row));
    });
    return make("tr", { role: "row", class: row === this.picked ? "picked" : "" }, ...cells);
  }

  content(column, value, row) {
    const id = cell(this.table, `${column.kind}_id`, row);
    if (!id || !this.has(column.kind, id)) return bdi(value);
    return make("button", { type: "button", class: "link", title: "Show on the map", on: { click: () => this.pick(column.kind, id) } }, bdi(value));
  }

  holds(kind, id) {
    return Array.from({ length: this.table.size }, (_, row) => row).some((row) => cell(this.table, `${kind}_id`, row) === id);
  }

  /** Show the first row that holds an identifier, whatever is searched or filtered; whether there is one. */
  reveal(kind, id) {
    const rows = Array.from({ length: this.table.size }, (_, row) => row);
    const found = rows.find((row) => cell(this.table, `${kind}_id`, row) === id);
    if (found === undefined) return false;
    if (!this.rows.includes(found)) {
      this.search.value = this.query = "";
      this.keep = () => true;
      this.refresh();
    }
    this.picked = found;
    this.start = this.perPage === Infinity ? 0 : Math.floor(this.rows.indexOf(found) / this.perPage) * this.perPage;
    this.show();
    const line = this.body.querySelector(".picked");
    line.scrollIntoView({ block: "center" });
    (line.querySelector("button") ?? line.closest(".scroll")).focus({ preventScroll: true });
    return true;
  }
}
