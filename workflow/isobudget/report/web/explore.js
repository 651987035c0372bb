// The curves, as a reader chooses them: which family, at what cost, of which models.

function explore(data, host) {
  const state = { benchmark: 0, family: null, unit: null, choice: {}, models: new Set(data.models.keys()) };
  const controls = el("form", { class: "controls", "aria-label": "What the figure shows", onsubmit: (event) => event.preventDefault() });
  const canvas = el("div", { class: "canvas" });
  const about = el("figcaption");
  const said = el("output", { class: "said", "aria-live": "polite" });
  const readout = el("div", { class: "readout" });
  const table = el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "The figure's points" });
  const details = el("details", { class: "points", ontoggle: () => details.open && fill() },
    el("summary", {}, "The same points as a table"), table);
  const hint = el("p", { class: "hint" }, "Point at a curve, or move to it with Tab and along it with the arrow keys.");
  host.replaceChildren(controls, el("figure", {}, el("div", { class: "beside" }, canvas, el("aside", { "aria-label": "At this budget" }, said, readout)), hint, about), details);
  let drawn = null;

  const part = () => data.benchmarks[state.benchmark];
  const family = () => part().families.find((each) => each.key === state.family);
  const costOf = (line) => (state.unit === "k" ? 1 : line.cost[state.unit]);
  const unitsOf = (which) => Object.keys(data.units).filter((unit) => which.lines.some((line) => line.cost[unit]));

  function settle() {
    const keys = part().families.map((each) => each.key);
    if (!keys.includes(state.family)) state.family = keys[0];
    const units = [...unitsOf(family()), "k"];
    if (!units.includes(state.unit)) state.unit = units[0];
  }

  function pointsOf(line) {
    const cost = costOf(line), once = state.unit === "k" ? 0 : line.once[state.unit];
    return line.k.map((k, i) => ({
      k, x: cost * (line.draws ? line.draws[i] : k) + once, value: line.value[i], low: line.low[i], high: line.high[i],
    }));
  }

  function linesOf(which, choice) {
    return which.lines
      .filter((line) => state.models.has(line.model) && costOf(line) && (line.choice === null || line.choice === choice))
      .map((line) => {
        const model = data.models[line.model];
        return { name: model.short, model, points: pointsOf(line), say: (point) => words(which, model, point) };
      });
  }

  // What the paper says of the same models, beside a family of the same score, and not beyond where its lines end.
  function publishedOf(which, lines) {
    const end = Math.max(0, ...lines.map((line) => line.points[line.points.length - 1].x)) * (1 + 1e-9);
    return part().published
      .filter((each) => which.published && state.models.has(each.model) && costOf(each))
      .flatMap((each) => each.k.map((k, i) => ({ k, x: k * costOf(each), value: each.value[i], model: data.models[each.model] })))
      .filter((each) => each.x <= end);
  }

  const cost = (x) => (state.unit === "k" ? `${digits(x)} ${x === 1 ? "sample" : "samples"} a problem` : `${amount(data.units[state.unit], x)} a problem`);
  const words = (which, model, point) =>
    `${model.short} ${times(which, point.k)}: ${percent(point.value)} %, 95 % interval ${interval(point)}, at ${cost(point.x)}`;

  function picture() {
    const which = family();
    const lines = linesOf(which, state.choice[which.key] ?? which.first);
    const other = part().families.find((each) => each.key === which.behind);
    const shown = new Set(lines.map((line) => line.model));
    const behind = other ? linesOf(other, null).filter((line) => shown.has(line.model)) : [];
    const stars = part().stars
      .map((each) => ({ ...each, model: data.models[each.model], x: costOf(each) }))
      .filter((each) => each.x && shown.has(each.model));
    const published = publishedOf(which, lines);
    const all = [...lines, ...behind, ...[...stars, ...published].map((one) => ({ points: [one] }))].flatMap((line) => line.points);
    const xs = all.map((p) => p.x), lows = all.map((p) => Math.min(p.value, p.low ?? 1)), highs = all.map((p) => Math.max(p.value, p.high ?? 0));
    const low = Math.max(0, Math.floor(10 * Math.min(...lows)) * 10), high = Math.min(101, Math.ceil(10 * Math.max(...highs)) * 10 + 1);
    const shared = { lines, behind, stars, published, low, high, label: `${part().name}: ${which.axis}` };
    if (state.unit === "k") {
      return { ...shared, ticks: powersOfTwo(Math.min(...xs), Math.max(...xs)), tick: digits, xTitle: which.lines.some((line) => line.draws) ? "samples a problem, in expectation" : "k, samples a problem" };
    }
    const unit = data.units[state.unit], scale = scaleOf(unit, Math.max(...xs));
    return {
      ...shared,
      ticks: roundTicks(Math.min(...xs) / scale.factor / 2, (2 * Math.max(...xs)) / scale.factor).map((tick) => tick * scale.factor),
      tick: (value) => digits(value / scale.factor),
      xTitle: scale.axis.includes("problems") ? scale.axis : `${scale.axis} a problem`,
      one: unit.one, above: powersOfTwo(Math.min(...xs) / unit.one, Math.max(...xs) / unit.one),
      aboveTitle: `generations of ${data.models[unit.cheapest].short}`,
    };
  }

  function moved(line, point, x, quiet) {
    const which = family();
    said.setAttribute("aria-live", quiet ? "off" : "polite");
    said.value = words(which, line.model, point);
    const unit = data.units[state.unit];
    const beside = unit ? `, the price of ${digits(x / unit.one)} generations of ${data.models[unit.cheapest].short}` : "";
    const rows = drawn.lines.map((each) => [each, each.points[affordable(each.points, x)]])
      .sort((a, b) => (b[1] ? b[1].value : -1) - (a[1] ? a[1].value : -1));
    readout.replaceChildren(
      el("p", { class: "at" }, el("strong", {}, state.unit === "k" ? `${digits(x)} ${x === 1 ? "sample" : "samples"}` : amount(unit, x)), ` a problem${beside}`),
      el("ul", {}, ...rows.map(([each, here]) => readoutRow(which, each, here, x, each.model === line.model))));
  }

  function readoutRow(which, line, here, x, mine) {
    if (!here) return el("li", { class: "none" }, el("span", { class: "name" }, swatch(line.model), line.model.short), " cannot be paid for");
    const ends = here.low === null ? [here.value, here.value] : [here.low, here.high];
    const bar = el("span", { class: "bar", "aria-hidden": "true", style: `--mine: var(--${line.model.colour}); --low: ${100 * ends[0]}%; --high: ${100 * ends[1]}%; --value: ${100 * here.value}%` });
    const ended = here === line.points[line.points.length - 1] && here.x * (1 + 1 / here.k) <= x;
    return el("li", { class: mine ? "mine" : null },
      el("span", { class: "name" }, swatch(line.model), `${line.model.short} ${times(which, here.k)}`),
      el("span", { class: "value" }, `${percent(here.value)} %`), bar,
      el("span", { class: "interval" }, interval(here)), ended ? el("span", { class: "interval" }, "the line ends here: no more samples to tell by") : null);
  }

  function fill() {
    const head = ["model", "k", state.unit === "k" ? "samples" : data.units[state.unit].name, "% of problems", "95 % interval"];
    const row = (model, name, p, between) => el("tr", {}, el("th", { scope: "row" }, swatch(model), name), ...[
      p.k.toLocaleString("en-US"), state.unit === "k" ? digits(p.x) : amount(data.units[state.unit], p.x), percent(p.value), between,
    ].map((text) => el("td", { class: "number" }, text)));
    const body = [
      ...drawn.lines.flatMap((line) => line.points.map((p) => row(line.model, line.model.short, p, interval(p)))),
      ...drawn.published.map((p) => row(p.model, `${p.model.short}, published`, p, "")),
    ];
    table.replaceChildren(el("table", {}, el("caption", {}, drawn.label),
      el("thead", {}, el("tr", {}, ...head.map((text, i) => el("th", { scope: "col", class: i ? "number" : null }, text)))),
      el("tbody", {}, ...body)));
  }

  function draw() {
    drawn = picture();
    const which = family();
    const starts = drawn.low > 0 ? ` The vertical axis starts at ${drawn.low} %.` : "";
    const thinned = drawn.lines.some((line) => line.points.some((p, i) => i && p.k > line.points[i - 1].k + 1));
    const left = thinned ? " Beyond 32 samples a line has eight sizes an octave; the tables beside this page have all." : "";
    const crosses = drawn.published.length ? " A cross is what Hassid et al. (2024) published of the same model." : "";
    about.textContent = `${part().name}: ${which.axis}, in per cent, with 95 % intervals over problems. ${which.about}${crosses}${starts}${left}`;
    if (!drawn.lines.length) {
      canvas.replaceChildren(el("p", { class: "none" }, "No curve: choose a model, or another unit."));
      readout.replaceChildren();
      said.value = "";
    } else {
      drawn.start = part().starts[state.unit] || Math.max(...drawn.lines.map((line) => line.points[0].x));
      drawChart(canvas, drawn, Math.max(280, canvas.clientWidth), moved);
    }
    if (details.open) fill();
  }

  function control() {
    const which = family();
    const change = (key) => (value) => { state[key] = value; settle(); control(); draw(); };
    const parts = [];
    if (data.benchmarks.length > 1) {
      parts.push(select("Benchmark", "benchmark", data.benchmarks.map((each, i) => [String(i), each.name]), String(state.benchmark), (value) => {
        state.benchmark = Number(value);
        settle(); control(); draw();
        document.dispatchEvent(new CustomEvent("benchmark", { detail: state.benchmark }));
      }));
    }
    parts.push(choices("Who picks the answer", "family", part().families.map((each) => [each.key, each.title]), which.key, change("family")));
    if (which.choices.length) {
      parts.push(select(which.choice, "choice", which.choices.map((text, i) => [String(i), text]), String(state.choice[which.key] ?? which.first), (value) => {
        state.choice[which.key] = Number(value);
        draw();
      }));
    }
    parts.push(choices("Compared at equal", "unit", [...unitsOf(which).map((unit) => [unit, data.units[unit].name]), ["k", "samples"]], state.unit, change("unit")));
    const boxes = data.models.map((model, i) => el("label", {},
      el("input", { type: "checkbox", name: "model", value: model.name, checked: state.models.has(i), onchange: (event) => {
        state.models[event.target.checked ? "add" : "delete"](i);
        draw();
      } }), el("span", {}, swatch(model), model.short)));
    parts.push(el("fieldset", { class: "choices" }, el("legend", {}, "Models"), el("div", {}, ...boxes)));
    const focused = document.activeElement;
    const again = controls.contains(focused) ? [focused.name, focused.value, focused.id] : null;
    controls.replaceChildren(...parts);
    if (again) [...controls.querySelectorAll("input, select")].find((each) => (again[2] ? each.id === again[2] : each.name === again[0] && each.value === again[1]))?.focus();
  }

  settle();
  control();
  draw();
  let width = canvas.clientWidth;
  new ResizeObserver(() => {
    if (canvas.clientWidth === width) return;
    width = canvas.clientWidth;
    draw();
  }).observe(canvas);
}
