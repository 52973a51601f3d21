const SVG = "http://www.w3.org/2000/svg";

function sign(shape, colour, filled) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shape === "nle" ? "M10 3L17 10L10 17L3 10Z" : shape === "line" ? "M1 10H19" : "M4 10a6 6 0 1 0 12 0a6 6 0 1 0 -12 0");
  path.setAttribute("fill", filled ? colour : "#fff");
  path.setAttribute("stroke", colour);
  path.setAttribute("stroke-width", 2);
  if (shape === "line" && !filled) path.setAttribute("stroke-dasharray", "5 4");
  svg.append(path);
  return svg;
}

/** The key of the map; `rows`: shape, colour, whether filled, text. */
function drawKey(rows) {
  document.getElementById("key").replaceChildren(...rows.map(([shape, colour, filled, text]) => make("span", {}, sign(shape, colour, filled), text)));
}

/** The buttons beside a map. */
function listenToZoom(map) {
  const buttons = { in: () => map.view.zoom(1.6), out: () => map.view.zoom(1 / 1.6), all: () => map.all() };
  for (const [name, act] of Object.entries(buttons)) {
    document.getElementById(`zoom-${name}`).addEventListener("click", () => {
      act();
      map.draw();
    });
  }
}
