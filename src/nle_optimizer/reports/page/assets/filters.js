const LEAST_OPTIONS = 3;

/** Drop-downs, where there is something to choose, whose choices hold for the map and for tables; `changed(chosen)` is told. */
class Filters {
  constructor(holder, groups, changed) {
    this.chosen = {};
    for (const { key, label, options, first } of groups) {
      this.chosen[key] = first ?? "";
      if (options.length < LEAST_OPTIONS && first === undefined) continue;
      const entries = options.map(([value, text]) => make("option", { value, selected: value === first }, text));
      const select = make("select", { id: `filter-${key}`, on: { change: () => this.choose(key, select.value, changed) } }, ...entries);
      holder.append(make("label", {}, label, select));
    }
    this.holder = holder;
    this.changed = changed;
  }

  check(key, label, checked) {
    this.chosen[key] = checked;
    const box = make("input", { type: "checkbox", id: `filter-${key}`, checked, on: { change: () => this.choose(key, box.checked, this.changed) } });
    this.holder.append(make("label", { class: "check" }, box, label));
  }

  choose(key, value, changed) {
    this.chosen[key] = value;
    changed(this.chosen);
  }
}

/** The distinct values of something, sorted, as options after one for all of them. */
function optionsOf(values, all) {
  const distinct = [...new Set(values.map((value) => (value === null || value === undefined ? "" : String(value))))].filter((value) => value !== "");
  return [["", all], ...distinct.sort(collator.compare).map((value) => [value, value])];
}
