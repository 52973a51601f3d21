const { pairs, nles } = data.tables;
const left = data.tables["left-out"];
const { excluded } = data.tables;
const OUT = "#767676";
const entry = document.getElementById("entry");
const untouched = [...entry.childNodes];

/** Every point by kind and identifier; of a school with several pairs the first row counts, and the best fit. */
function pointsOf() {
  const found = { school: new Map(), nle: new Map() };
  const places = (kind, group) => group.id.forEach((id, n) => found[kind].set(id, { kind, id, x: group.x[n], y: group.y[n], name: id, rows: [] }));
  places("school", data.map.schools);
  places("nle", data.map.nles);
  const { x, y } = data.map.excluded;
  for (let row = 0; row < excluded.size; row++) {
    const id = cell(excluded, "school_id", row);
    if (x[row] !== null) found.school.set(id, { kind: "school", id, x: x[row], y: y[row], name: cell(excluded, "school", row), rows: [row], table: excluded, outcome: "excluded", colour: OUT, filled: true });
  }
  const tell = (table, outcome) => {
    for (let row = 0; row < table.size; row++) {
      const point = found.school.get(cell(table, "school_id", row));
      if (!point) continue;
      point.rows.push(row);
      Object.assign(point, { name: cell(table, "school", row), table, outcome, fit: outcome === "supported" ? Math.max(point.fit ?? 0, cell(table, "fit", row)) : null });
    }
  };
  tell(pairs, "supported");
  tell(left, "left");
  for (let row = 0; row < nles.size; row++) {
    const point = found.nle.get(cell(nles, "nle_id", row));
    if (point) Object.assign(point, { name: cell(nles, "nle", row), table: nles, outcome: cell(nles, "state", row) === "Out" ? "out" : cell(nles, "supports", row) ? "in use" : "free", rows: [row] });
  }
  return found;
}

const points = pointsOf();
const links = Array.from({ length: pairs.size }, (_, row) => ({ row, from: points.nle.get(cell(pairs, "nle_id", row)), to: points.school.get(cell(pairs, "school_id", row)) })).filter(({ from, to }) => from && to);

function fact(point, key) {
  return cell(point.table, key, point.rows[0]);
}

/** Whether a row of pairs or of schools left out passes the filters. */
function passes(table, row, outcome, { region, phase, priority, outcome: wanted }) {
  const is = (key, value) => value === "" || String(cell(table, key, row) ?? "") === value;
  return (wanted === "" || wanted === outcome) && is("region", region) && is("phase", phase) && is("priority", priority);
}

function refresh(chosen) {
  const seen = new Set();
  const byFit = chosen.colour === "fit";
  const asked = (point) => point.table && (point.outcome === "excluded") === (chosen.outcome === "excluded");
  const schools = [...points.school.values()].filter((point) => asked(point) && point.rows.some((row) => passes(point.table, row, point.outcome, chosen)));
  for (const point of schools.filter(({ outcome }) => outcome !== "excluded")) {
    point.filled = point.outcome === "supported";
    point.colour = point.outcome !== "supported" ? LEFT : byFit ? fitColour(point.fit) : SUPPORTED;
    seen.add(point);
  }
  const lines = links.filter(({ to }) => seen.has(to) && to.outcome === "supported");
  for (const line of lines) line.colour = byFit ? fitColour(cell(pairs, "fit", line.row)) : SUPPORTED;
  const busy = new Set(lines.map(({ from }) => from));
  const filtered = chosen.phase !== "" || chosen.priority !== "" || chosen.outcome !== "";
  const leaders = [...points.nle.values()].filter((point) => busy.has(point) || (!filtered && (chosen.region === "" || fact(point, "region") === chosen.region)));
  for (const point of leaders) Object.assign(point, { colour: point.outcome === "out" ? OUT : INK, filled: point.outcome === "in use" });
  const order = { excluded: 0, left: 0, supported: 1 };
  schools.sort((a, b) => order[a.outcome] - order[b.outcome]);
  map.set([...schools, ...(chosen.leaders ? leaders : [])], chosen.lines ? lines : []);
  drawKey(keyOf(byFit, chosen.outcome));
  tables.pairs.filter((row) => passes(pairs, row, "supported", chosen));
  tables["left-out"].filter((row) => passes(left, row, "left", chosen));
  tables.excluded.filter((row) => passes(excluded, row, "excluded", { ...chosen, priority: "" }));
}

function keyOf(byFit, outcome) {
  const leaders = [["nle", INK, true, "NLE who supports a school"], ["nle", INK, false, "NLE who is free"], ["nle", OUT, false, "NLE who is out"]];
  if (outcome === "excluded") return [["school", OUT, true, "Excluded school"]];
  const fits = ["0.8 to 1", "0.6 to 0.8", "0.4 to 0.6", "0.2 to 0.4", "under 0.2"];
  const supported = byFit ? fits.map((text, n) => ["school", FITS[n], true, `School supported, fit ${text}`]) : [["school", SUPPORTED, true, "School supported"]];
  return [...supported, ["school", LEFT, false, "Eligible school left out"], ...leaders];
}

function choose(point, centre = false) {
  map.choose(point, centre);
  entry.classList.toggle("chosen", point !== null);
  if (!point) return entry.replaceChildren(...untouched);
  const rows = point.table.columns.filter(({ kind }) => kind === "text" || kind === "number").map((column) => [column.label, shown(fact(point, column.key), column)]);
  const partners = links.filter(({ from, to }) => from === point || to === point).map(({ from, to }) => (from === point ? to : from));
  const acts = { choose: (other) => choose(other, other !== null), tables: (chosen) => Object.values(tables).filter((table) => table.table === chosen.table).map((table) => [`Row in “${table.table.caption}”`, () => table.reveal(chosen.kind, chosen.id)]) };
  entry.replaceChildren(...entryOf(point, rows, partners, acts));
}

/** From a name in a table to the map. */
function pick(kind, id) {
  const point = points[kind].get(id);
  choose(point, true);
  document.getElementById("map").scrollIntoView();
  document.getElementById("canvas").focus({ preventScroll: true });
}

const map = new SchoolMap(document.getElementById("canvas"), data.map, (point) => choose(point));
const has = (kind, id) => points[kind]?.has(id) ?? false;
const tables = {};
for (const section of document.querySelectorAll("[data-table]")) {
  const name = section.dataset.table;
  tables[name] = new DataTable(section, data.tables[name], pick, has, (id) => points.school.get(id)?.name ?? points.nle.get(id)?.name ?? id);
}

const both = (key) => [pairs, left].flatMap((table) => Array.from({ length: table.size }, (_, row) => cell(table, key, row)));
const filters = new Filters(document.getElementById("filters"), [
  { key: "region", label: "Region", options: optionsOf(both("region"), "All regions") },
  { key: "phase", label: "Phase", options: optionsOf(both("phase"), "All phases") },
  { key: "priority", label: "Priority", options: optionsOf(both("priority"), "All priorities") },
  { key: "outcome", label: "Outcome", options: [["", "All eligible"], ["supported", "Supported"], ["left", "Left out"], ["excluded", "Excluded"]] },
  { key: "colour", label: "Colour by", options: [["outcome", "Outcome"], ["fit", "Fit"]], first: "outcome" },
], refresh);
filters.check("leaders", "NLEs", true);
filters.check("lines", "Lines of the pairs", true);
refresh(filters.chosen);

listenToZoom(map);
