// Axes that say what they show: a logarithmic one for costs, a linear one for shares.

function logScale(low, high, start, end) {
  const first = Math.log2(low), last = Math.log2(high);
  const per = (end - start) / (last - first || 1);
  const place = (value) => start + (Math.log2(value) - first) * per;
  place.back = (at) => 2 ** (first + (at - start) / per);
  return place;
}

const linearScale = (low, high, start, end) => (value) => start + ((value - low) / (high - low)) * (end - start);

// 1, 2, 5, 10 and so on: figures that a person can hold.
function roundTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const step of [1, 2, 5]) {
      const tick = step * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) found.push(tick);
    }
  }
  return found;
}

function powersOfTwo(low, high) {
  const found = [];
  for (let power = Math.ceil(Math.log2(low) - 1e-9); 2 ** power <= high * 1.001; power++) found.push(2 ** power);
  return found;
}

// Those of the ticks whose labels do not touch.
function roomy(ticks, place, gap) {
  let last = -Infinity;
  return ticks.filter((tick) => (place(tick) - last >= gap ? ((last = place(tick)), true) : false));
}

function roundShares(low, high) {
  const step = high - low > 60 ? 20 : 10, found = [];
  for (let share = step === 20 ? Math.ceil(low / 20) * 20 : low; share <= high; share += step) found.push(share);
  return found;
}

function drawAxes(plot, picture, x, y) {
  const grid = svg("g", { class: "grid", "aria-hidden": "true" });
  for (const [i, share] of roundShares(picture.low, picture.high).entries()) {
    grid.append(svg("line", { x1: plot.left, x2: plot.right, y1: y(share), y2: y(share) }),
      svg("text", { x: plot.left - 8, y: y(share) + 4, "text-anchor": "end" }, i === 0 ? `${share} %` : `${share}`));
  }
  for (const tick of roomy(picture.ticks, x, 44)) {
    grid.append(svg("line", { x1: x(tick), x2: x(tick), y1: plot.bottom, y2: plot.bottom + 5, class: "tick" }),
      svg("text", { x: x(tick), y: plot.bottom + 19, "text-anchor": "middle" }, picture.tick(tick)));
  }
  grid.append(svg("line", { x1: plot.left, x2: plot.right, y1: plot.bottom, y2: plot.bottom, class: "base" }),
    svg("text", { x: (plot.left + plot.right) / 2, y: plot.bottom + 40, "text-anchor": "middle", class: "title" }, picture.xTitle));
  if (picture.one) {
    for (const tick of roomy(picture.above, (times) => x(times * picture.one), 34)) {
      const place = x(tick * picture.one);
      grid.append(svg("line", { x1: place, x2: place, y1: plot.top - 5, y2: plot.top, class: "tick" }),
        svg("text", { x: place, y: plot.top - 9, "text-anchor": "middle" }, digits(tick)));
    }
    grid.append(svg("text", { x: (plot.left + plot.right) / 2, y: plot.top - 27, "text-anchor": "middle", class: "title" }, picture.aboveTitle));
  }
  return grid;
}
