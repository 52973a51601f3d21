const CHANGES = { gained: ["Gains support", SUPPORTED, true], lost: ["Loses support", LEFT, false], moved: ["Gets another NLE", "#4c2c92", true] };
const entry = document.getElementById("entry");
const untouched = [...entry.childNodes];
const points = { school: new Map(), nle: new Map() };

for (const [kind, group] of [["school", data.map.schools], ["nle", data.map.nles]]) {
  group.id.forEach((id, n) => points[kind].set(id, { kind, id, x: group.x[n], y: group.y[n], name: group.names[id] ?? id, change: group.changed?.[id], colour: INK, filled: true }));
}
for (const point of points.school.values()) [, point.colour, point.filled] = CHANGES[point.change];

const links = data.map.lines
  .map(([school, nle, when]) => ({ to: points.school.get(school), from: points.nle.get(nle), when, dashed: when === "lost", colour: when === "lost" ? LEFT : SUPPORTED }))
  .filter(({ from, to }) => from && to);

function refresh({ change }) {
  const schools = [...points.school.values()].filter((point) => change === "" || point.change === change);
  const seen = new Set(schools);
  const lines = links.filter(({ to }) => seen.has(to));
  map.set([...schools, ...new Set(lines.map(({ from }) => from))], lines);
}

function choose(point, centre = false) {
  map.choose(point, centre);
  entry.classList.toggle("chosen", point !== null);
  if (!point) return entry.replaceChildren(...untouched);
  const mine = links.filter(({ from, to }) => from === point || to === point);
  const told = (when) => mine.filter((link) => link.when === when).map(({ from, to }) => (from === point ? to : from).name).join(", ");
  const facts = [["Change", point.change ? CHANGES[point.change][0] : ""], [point.kind === "nle" ? "No longer supports" : "No longer by", told("lost")], [point.kind === "nle" ? "Newly supports" : "Now by", told("gained")]];
  entry.replaceChildren(...entryOf(point, facts, [], { choose, tables: tablesOf }));
}

function tablesOf({ kind, id }) {
  const found = Object.values(tables).filter((table) => table.table.columns.some((column) => column.kind === kind) && table.holds(kind, id));
  return found.map((table) => [`Row in “${table.table.caption}”`, () => table.reveal(kind, id)]);
}

function pick(kind, id) {
  choose(points[kind].get(id), true);
  document.getElementById("map").scrollIntoView();
  document.getElementById("canvas").focus({ preventScroll: true });
}

const map = new SchoolMap(document.getElementById("canvas"), data.map, (point) => choose(point));
const tables = {};
for (const section of document.querySelectorAll("[data-table]")) {
  const name = section.dataset.table;
  tables[name] = new DataTable(section, data.tables[name], pick, (kind, id) => points[kind]?.has(id) ?? false);
}
const wanted = [["", "All changes"], ...Object.entries(CHANGES).map(([key, [text]]) => [key, text])];
const filters = new Filters(document.getElementById("filters"), [{ key: "change", label: "Change", options: wanted }], refresh);
drawKey([...Object.values(CHANGES).map(([text, colour, filled]) => ["school", colour, filled, text]), ["nle", INK, true, "NLE"], ["line", SUPPORTED, true, "Pair that came"], ["line", LEFT, false, "Pair that went"]]);
listenToZoom(map);
refresh(filters.chosen);
