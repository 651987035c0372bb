// One chart: bands, lines, marks, direct labels, and a point that the pointer or the arrow keys move.
//
// picture: {label, lines, behind, stars, published, low, high, ticks, tick, xTitle, one, above, aboveTitle, start}. A line is {name,
// model, points, say}: points have x, k, value, low, high, x rising; say(point) puts one in words, tick(x) labels a tick.

const SHAPES = { o: [0, 0], s: [4, 45], "^": [3, 0], D: [4, 0], v: [3, 180], p: [5, 0], "<": [3, 270], h: [6, 0] };

function mark(shape, x, y, size, attributes) {
  const [corners, turn] = SHAPES[shape] || SHAPES.o;
  if (!corners) return svg("circle", { cx: x, cy: y, r: size * 0.9, ...attributes });
  const points = Array.from({ length: corners }, (_, i) => {
    const angle = ((turn - 90 + (360 / corners) * i) * Math.PI) / 180;
    return `${(x + size * 1.2 * Math.cos(angle)).toFixed(1)},${(y + size * 1.2 * Math.sin(angle)).toFixed(1)}`;
  });
  return svg("polygon", { points: points.join(" "), ...attributes });
}

function star(x, y, size, attributes) {
  const points = Array.from({ length: 10 }, (_, i) => {
    const reach = i % 2 ? size * 0.42 : size, angle = ((36 * i - 90) * Math.PI) / 180;
    return `${(x + reach * Math.cos(angle)).toFixed(1)},${(y + reach * Math.sin(angle)).toFixed(1)}`;
  });
  return svg("polygon", { points: points.join(" "), ...attributes });
}

const path = (points, x, y, key) =>
  points.map((p, i) => `${i ? "L" : "M"}${x(p.x).toFixed(1)} ${y(100 * p[key]).toFixed(1)}`).join("");

function drawChart(host, picture, width, moved) {
  const narrow = width < 560;
  const longest = Math.max(0, ...picture.lines.map((line) => line.name.length));
  const height = narrow ? 340 : 440;
  const plot = {
    left: 44, right: width - (narrow ? 14 : Math.min(170, 26 + 7.6 * longest)), top: picture.one ? 50 : 16, bottom: height - 50,
  };
  const xs = [...picture.lines, ...picture.behind].flatMap((line) => line.points.map((p) => p.x));
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const spread = last > first ? Math.max(1.03, (last / first) ** 0.03) : 1.5;
  const x = logScale(first / spread, last * spread, plot.left, plot.right);
  const y = linearScale(picture.low, picture.high, plot.bottom, plot.top);
  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": picture.label, class: "chart" });
  const within = { ...picture, ticks: picture.ticks.filter((t) => t >= first / spread && t <= last * spread) };
  root.append(drawAxes(plot, within, x, y));

  for (const line of picture.behind) {
    root.append(svg("path", { d: path(line.points, x, y, "value"), class: "behind", style: `stroke: var(--${line.model.colour})`, "aria-hidden": "true" }));
  }
  for (const line of picture.lines) if (line.points[0].low !== null) root.append(drawBand(line, x, y));
  for (const one of picture.stars) root.append(drawStar(one, x, y, narrow));
  for (const one of picture.published) root.append(drawPublished(one, x, y));
  const cross = svg("line", { class: "cross", y1: plot.top, y2: plot.bottom, "aria-hidden": "true" });
  root.append(cross);
  const groups = picture.lines.map((line, index) => drawLine(line, x, y, (step) => move(index, step), () => move(index, 0)));
  root.append(...groups, drawLabels(picture.lines, x, y, plot, narrow));
  const rings = picture.lines.map((line) => svg("circle", { class: "ring", r: 7, style: `stroke: var(--${line.model.colour})`, "aria-hidden": "true" }));
  root.append(...rings);

  // The budget stands at x; every line has a ring where it is then, and one of them is spoken of.
  const current = picture.lines.map(() => 0);
  function show(index, place, cost, quiet) {
    const line = picture.lines[index], point = line.points[place];
    current[index] = place;
    for (const name of ["x1", "x2"]) cross.setAttribute(name, x(cost));
    picture.lines.forEach((each, i) => {
      const here = i === index ? point : each.points[affordable(each.points, cost)];
      rings[i].style.display = here ? "" : "none";
      if (!here) return;
      rings[i].setAttribute("cx", x(here.x));
      rings[i].setAttribute("cy", y(100 * here.value));
    });
    groups[index].setAttribute("aria-valuenow", place + 1);
    groups[index].setAttribute("aria-valuetext", line.say(point));
    moved(line, point, cost, quiet);
  }
  function move(index, step) {
    const points = picture.lines[index].points, end = points.length - 1;
    const place = Math.max(0, Math.min(end, step === "first" ? 0 : step === "last" ? end : current[index] + step));
    show(index, place, points[place].x);
  }
  // The line nearest to a height among those that a cost pays for.
  function at(cost, height, quiet) {
    let best = null, least = Infinity;
    picture.lines.forEach((line, index) => {
      const place = affordable(line.points, cost);
      const far = place < 0 ? Infinity : Math.abs(y(100 * line.points[place].value) - height);
      if (far < least) [best, least] = [[index, place], far];
    });
    if (best) show(...best, cost, quiet);
  }
  root.addEventListener("pointermove", (event) => {
    const box = root.getBoundingClientRect(), px = event.clientX - box.left;
    if (px >= plot.left && px <= plot.right) at(x.back(px), event.clientY - box.top);
  });
  host.replaceChildren(root);
  at(Math.max(picture.start, first), plot.top, true);
}

// The position of the last point that a cost pays for, -1 if it pays for none; a billionth is forgiven, as in the tables.
function affordable(points, cost) {
  let place = -1;
  while (place + 1 < points.length && points[place + 1].x <= cost * (1 + 1e-9)) place++;
  return place;
}

function drawBand(line, x, y) {
  const colour = `var(--${line.model.colour})`;
  if (line.points.length === 1) {
    const [only] = line.points;
    return svg("line", { x1: x(only.x), x2: x(only.x), y1: y(100 * only.low), y2: y(100 * only.high), class: "whisker", style: `stroke: ${colour}`, "aria-hidden": "true" });
  }
  const back = [...line.points].reverse().map((p) => `L${x(p.x).toFixed(1)} ${y(100 * p.high).toFixed(1)}`).join("");
  return svg("path", { d: `${path(line.points, x, y, "low")}${back}Z`, class: "band", style: `fill: ${colour}`, "aria-hidden": "true" });
}

function drawStar(one, x, y, narrow) {
  const colour = `var(--${one.model.colour})`;
  return svg("g", { class: "star", "aria-hidden": "true" },
    svg("title", {}, `${one.model.short}, one greedy output: ${percent(one.value)} %, 95 % interval ${interval(one)}`),
    star(x(one.x), y(100 * one.value), narrow ? 9 : 10, { style: `fill: ${colour}` }));
}

function drawPublished(one, x, y) {
  const at = [x(one.x), y(100 * one.value)];
  return svg("g", { class: "published", "aria-hidden": "true", "data-model": one.model.name, "data-k": one.k, style: `stroke: var(--${one.model.colour})` },
    svg("title", {}, `${one.model.short}, k = ${one.k}, published by Hassid et al. (2024): ${percent(one.value)} %`),
    ...[1, -1].map((way) => svg("line", { x1: at[0] - 5, x2: at[0] + 5, y1: at[1] - 5 * way, y2: at[1] + 5 * way })));
}

function drawLine(line, x, y, move, focused) {
  const keys = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4, Home: "first", End: "last" };
  const marked = line.points.filter((p, i) => (p.k & (p.k - 1)) === 0 || i === line.points.length - 1);
  return svg("g", {
    class: "line", style: `--mine: var(--${line.model.colour})`, role: "slider", tabindex: "0", "data-model": line.model.name,
    "aria-label": `${line.model.name}, points of the curve`, "aria-valuemin": 1, "aria-valuemax": line.points.length,
    "aria-valuenow": 1, "aria-valuetext": line.say(line.points[0]), onfocus: focused,
    onkeydown: (event) => {
      if (!(event.key in keys)) return;
      event.preventDefault();
      move(keys[event.key]);
    },
  },
  svg("path", { d: path(line.points, x, y, "value") }),
  ...marked.map((p) => mark(line.model.marker, x(p.x), y(100 * p.value), 4.4, {})));
}

// Names at the ends of the lines, pushed apart where they would touch.
function drawLabels(lines, x, y, plot, narrow) {
  const ends = lines.map((line) => {
    const end = line.points[line.points.length - 1];
    return { line, x: x(end.x), y: y(100 * end.value) };
  }).sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => { end.at = Math.max(end.y + (narrow ? -14 : 4), i ? ends[i - 1].at + 17 : plot.top + 8); });
  return svg("g", { class: "labels", "aria-hidden": "true" }, ...ends.map((end) =>
    svg("text", {
      x: narrow ? Math.min(end.x + 4, plot.right) : end.x + 12, y: end.at, "text-anchor": narrow ? "end" : "start",
      style: `fill: var(--${end.line.model.colour})`,
    }, end.line.name)));
}
