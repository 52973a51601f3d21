const SUPPORTED = "#1d70b8";
const LEFT = "#a33b00";
const INK = "#1a1a1a";
const FITS = ["#00204d", "#31446b", "#666970", "#958f78", "#cbba69"];
const REACH = 12;
const CLOSE = 0.006;
const SQUARE = 5000;
const GROWN = 6000;

/** Fit in five steps, the best first and darkest. */
function fitColour(fit) {
  return FITS[Math.min(4, Math.max(0, Math.floor((1 - fit) * 5 + 1e-9)))];
}

/** The map: what lies on it is drawn anew whenever something changes. */
class SchoolMap {
  /** `points`: {kind, id, x, y, name, colour, filled}; `lines`: {from, to, colour}, which are points. */
  constructor(canvas, ground, told) {
    Object.assign(this, { canvas, ground, told, points: [], lines: [], chosen: null, hovered: null, view: new Projection() });
    this.pen = canvas.getContext("2d");
    this.box = boxOf(ground);
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.listen();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const first = this.view.width === 1;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.ratio = ratio;
    this.view.size(width, height);
    if (first) this.all();
    else this.draw();
  }

  all() {
    this.view.least = this.view.fit(this.box) / 2;
    this.draw();
  }

  set(points, lines) {
    Object.assign(this, { points, lines });
    this.draw();
  }

  choose(point, centre = false) {
    this.chosen = point;
    if (point && centre) this.view.centre(point.x, point.y, CLOSE);
    this.draw();
  }

  draw() {
    if (this.waiting || !this.ratio) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.paint();
    });
  }

  paint() {
    const { pen, view } = this;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, view.width, view.height);
    if (this.ground.outlines.length) this.paintOutlines();
    this.paintGround();
    this.paintLines();
    for (const point of this.points) this.paintPoint(point, this.dimmed(point));
    this.paintLabels();
    if (this.hovered) this.ring(this.hovered);
    if (this.chosen) {
      this.ring(this.chosen);
      this.paintPoint(this.chosen, false);
    }
  }

  /** Squares where schools are: faint on the land within outlines; without outlines, grown, they are the land. */
  paintGround() {
    const { pen, view } = this;
    const bare = !this.ground.outlines.length;
    const grown = bare ? GROWN : 0;
    const side = (SQUARE + 2 * grown) * view.scale + 0.6;
    pen.fillStyle = bare ? "#fff" : "rgba(90, 100, 110, 0.07)";
    const squares = this.ground.ground;
    for (let n = 0; n < squares.length; n += 2) {
      pen.fillRect(view.x(squares[n] * SQUARE - grown), view.y((squares[n + 1] + 1) * SQUARE + grown), side, side);
    }
  }

  paintOutlines() {
    const { pen, view } = this;
    pen.beginPath();
    for (const ring of this.ground.outlines) {
      for (let n = 0; n < ring.length; n += 2) pen[n ? "lineTo" : "moveTo"](view.x(ring[n]), view.y(ring[n + 1]));
      pen.closePath();
    }
    pen.fillStyle = "#fff";
    pen.fill("evenodd");
    pen.strokeStyle = "#8a9096";
    pen.lineWidth = 1;
    pen.stroke();
  }

  /** What belongs to the chosen point: itself and who stands at the other end of its lines. */
  get company() {
    if (!this.chosen) return null;
    const company = new Set([this.chosen]);
    for (const { from, to } of this.lines) {
      if (from === this.chosen) company.add(to);
      if (to === this.chosen) company.add(from);
    }
    return company;
  }

  dimmed(point) {
    return this.together !== null && !this.together.has(point);
  }

  paintLines() {
    const { pen, view } = this;
    this.together = this.company;
    for (const line of this.lines) {
      const mine = this.chosen && (line.from === this.chosen || line.to === this.chosen);
      pen.globalAlpha = this.chosen && !mine ? 0.12 : mine ? 1 : 0.75;
      pen.lineWidth = mine ? 2.5 : 1;
      pen.strokeStyle = line.colour;
      pen.setLineDash(line.dashed ? [5, 4] : []);
      pen.beginPath();
      pen.moveTo(view.x(line.from.x), view.y(line.from.y));
      pen.lineTo(view.x(line.to.x), view.y(line.to.y));
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  radius(point) {
    const grown = Math.min(2.5, Math.max(0, Math.log2(this.view.scale / 0.0012)));
    return (point.kind === "nle" ? 2.6 : 2.2) + grown * 1.4;
  }

  paintPoint(point, dimmed) {
    const { pen, view } = this;
    const [x, y] = [view.x(point.x), view.y(point.y)];
    if (x < -9 || y < -9 || x > view.width + 9 || y > view.height + 9) return;
    pen.globalAlpha = dimmed ? 0.2 : 1;
    pen.beginPath();
    const size = this.radius(point);
    if (point.kind === "nle") {
      pen.moveTo(x, y - size - 1);
      pen.lineTo(x + size + 1, y);
      pen.lineTo(x, y + size + 1);
      pen.lineTo(x - size - 1, y);
      pen.closePath();
    } else pen.arc(x, y, size, 0, 7);
    pen.fillStyle = point.filled ? point.colour : "#fff";
    pen.fill();
    pen.lineWidth = point.filled ? 0.8 : 1.4;
    pen.strokeStyle = point.filled ? "#fff" : point.colour;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  ring(point) {
    const { pen, view } = this;
    pen.lineWidth = 3;
    pen.strokeStyle = INK;
    pen.beginPath();
    pen.arc(view.x(point.x), view.y(point.y), this.radius(point) + 6, 0, 7);
    pen.stroke();
    pen.lineWidth = 1.5;
    pen.strokeStyle = "#ffdd00";
    pen.stroke();
  }

  /** Names of regions from afar, of authorities from near; none over another. */
  paintLabels() {
    const { pen, view } = this;
    const near = view.scale > 0.0022;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    const taken = [];
    for (const [name, east, north, rank] of this.ground.labels) {
      if ((rank === 1) === near) continue;
      pen.font = `${rank === 1 ? 600 : 400} ${rank === 1 ? 13 : 12}px Arial, Helvetica, "Liberation Sans", sans-serif`;
      const [x, y, half] = [view.x(east), view.y(north), pen.measureText(name).width / 2 + 4];
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      if (taken.some(([left, top, wide]) => Math.abs(left - x) < wide + half && Math.abs(top - y) < 18)) continue;
      taken.push([x, y, half]);
      pen.lineWidth = 4;
      pen.strokeStyle = "rgba(255, 255, 255, 0.9)";
      pen.strokeText(name, x, y);
      pen.fillStyle = "#33383b";
      pen.fillText(name, x, y);
    }
  }

  /** The point nearest to a pixel, if one is in reach; NLEs lie on top. */
  at(x, y) {
    let [found, best] = [null, REACH];
    for (const point of this.points) {
      const away = Math.hypot(this.view.x(point.x) - x, this.view.y(point.y) - y) - (point.kind === "nle" ? 1 : 0);
      if (away < best) [found, best] = [point, away];
    }
    return found;
  }

  /** Points in view, from north to south. */
  get visible() {
    const { view } = this;
    const inside = (point) => view.x(point.x) >= 0 && view.x(point.x) <= view.width && view.y(point.y) >= 0 && view.y(point.y) <= view.height;
    return this.points.filter(inside).sort((a, b) => b.y - a.y || a.x - b.x);
  }

  step(way) {
    const visible = this.visible;
    if (!visible.length) return;
    const at = visible.indexOf(this.chosen);
    this.told(visible[(at + way + visible.length + (at < 0 && way < 0 ? 1 : 0)) % visible.length]);
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.release(event));
    canvas.addEventListener("pointerleave", () => this.hover(null));
    this.fingers = new Map();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      ArrowLeft: () => this.view.move(60, 0),
      ArrowRight: () => this.view.move(-60, 0),
      ArrowUp: () => this.view.move(0, 60),
      ArrowDown: () => this.view.move(0, -60),
      "+": () => this.view.zoom(1.5),
      "=": () => this.view.zoom(1.5),
      "-": () => this.view.zoom(1 / 1.5),
      0: () => this.all(),
      n: () => this.step(1),
      p: () => this.step(-1),
      Escape: () => this.told(null),
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
    this.draw();
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.view.zoom(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY);
    this.draw();
  }

  press(event) {
    this.fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.canvas.setPointerCapture(event.pointerId);
    this.moved = this.fingers.size > 1 ? Infinity : 0;
    this.canvas.classList.add("dragging");
  }

  drag(event) {
    const last = this.fingers.get(event.pointerId);
    const now = [event.offsetX, event.offsetY];
    if (!last) return this.hover(this.at(...now));
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, now);
    if (other) {
      const spread = (point) => Math.max(20, Math.hypot(point[0] - other[0], point[1] - other[1]));
      this.view.zoom(spread(now) / spread(last), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    } else {
      this.moved += Math.hypot(now[0] - last[0], now[1] - last[1]);
      if (this.moved > 3) this.view.move(now[0] - last[0], now[1] - last[1]);
    }
    this.draw();
  }

  release(event) {
    if (!this.fingers.delete(event.pointerId)) return;
    if (!this.fingers.size) this.canvas.classList.remove("dragging");
    if (event.type === "pointerup" && this.moved <= 3) this.told(this.at(event.offsetX, event.offsetY));
  }

  hover(point) {
    const tip = document.getElementById("tip");
    tip.hidden = !point;
    if (point) {
      tip.textContent = point.name;
      tip.style.left = `${Math.min(this.view.x(point.x) + 12, this.view.width - 120)}px`;
      tip.style.top = `${this.view.y(point.y) + 12}px`;
    }
    if (point === this.hovered) return;
    this.hovered = point;
    this.draw();
  }
}

/** The box of grid metres that holds the squares of the ground, or England where there is none. */
function boxOf({ ground, outlines }) {
  const [east, north] = [[], []];
  for (let n = 0; n < ground.length; n += 2) {
    east.push(ground[n] * SQUARE, (ground[n] + 1) * SQUARE);
    north.push(ground[n + 1] * SQUARE, (ground[n + 1] + 1) * SQUARE);
  }
  if (!east.length) for (const ring of outlines) ring.forEach((number, n) => (n % 2 ? north : east).push(number));
  if (!east.length) return [80000, 5000, 660000, 660000];
  const least = (numbers) => numbers.reduce((a, b) => Math.min(a, b));
  const most = (numbers) => numbers.reduce((a, b) => Math.max(a, b));
  return [least(east), least(north), most(east), most(north)];
}
