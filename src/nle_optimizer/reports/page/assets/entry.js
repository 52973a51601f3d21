/** The entry of what is chosen: its facts, and ways to its row and its partners. */
function entryOf(point, rows, partners, acts) {
  const facts = make("dl");
  for (const [label, value] of rows) {
    if (value !== "" && value !== null) facts.append(make("div", {}, make("dt", {}, label), make("dd", {}, bdi(value))));
  }
  const parts = [make("h3", {}, bdi(point.name)), facts];
  if (partners.length) {
    parts.push(make("p", {}, point.kind === "nle" ? "Supports:" : "Supported by:"));
    parts.push(make("ul", {}, ...partners.map((partner) => make("li", {}, make("button", { type: "button", class: "link", on: { click: () => acts.choose(partner) } }, bdi(partner.name))))));
  }
  const tables = acts.tables(point).map(([label, go]) => make("button", { type: "button", on: { click: go } }, label));
  parts.push(make("div", { class: "actions" }, ...tables, make("button", { type: "button", on: { click: () => acts.choose(null) } }, "Clear")));
  return parts;
}
