// Who solves which problem, and what was written: a square a problem, in groups by who solves it.

const RULES = [
  ["any", "one of its samples passes", (problems, m, t) => problems.passed[m][t] > 0],
  ["half", "half of its samples pass", (problems, m, t) => problems.passed[m][t] >= problems.n[m] / 2 && problems.n[m] > 0],
  ["greedy", "its greedy output passes", (problems, m, t) => problems.greedy[m][t] === 1],
];
const SHOWN = 3000; // squares: more would only be slow

function browse(data, host) {
  const state = { benchmark: 0, rule: "any", task: null };
  const controls = el("form", { class: "controls", "aria-label": "What counts as solved", onsubmit: (event) => event.preventDefault() });
  const groups = el("div", { class: "groups" });
  const detail = el("article", { class: "problem", "aria-live": "polite", "aria-label": "The chosen problem" });
  host.replaceChildren(controls, groups, detail);
  const problems = () => data.benchmarks[state.benchmark].problems;
  const models = () => Object.keys(problems().passed).map(Number).sort((a, b) => a - b);

  // What all solve first, then what one alone solves, some, none; tasks are positions.
  function grouped() {
    const mine = models(), solves = RULES.find(([key]) => key === state.rule)[2], found = new Map();
    problems().tasks.forEach((_, task) => {
      const who = mine.filter((model) => solves(problems(), model, task));
      const key = who.length === mine.length ? "all" : who.length === 0 ? "none" : who.length === 1 ? who[0] : "some";
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(task);
    });
    const both = mine.length === 2 ? "Both solve" : mine.length === 1 ? "Solved" : "All solve";
    const neither = mine.length === 2 ? "Neither solves" : mine.length === 1 ? "Not solved" : "None solves";
    const titles = [["all", both, "some"], ...mine.map((m) => [m, `Only ${data.models[m].short} solves`, data.models[m].colour]),
      ["some", "Some, not all, solve", "soft"], ["none", neither, "some"]];
    return titles.map(([key, title, colour]) => ({ key, title, colour, tasks: found.get(key) || [] }))
      .filter(({ key, tasks }) => tasks.length || (typeof key === "number" && mine.length > 1));
  }

  const counts = (task) => models().map((m) => `${data.models[m].short} ${problems().passed[m][task]} of ${problems().n[m]}`).join(", ");

  function square(task, colour, first) {
    const known = String(task) in problems().texts;
    return el("button", {
      type: "button", class: known ? null : "bare", style: `--mine: var(--${colour})`, "data-task": task, tabindex: first ? "0" : "-1",
      "aria-label": `${problems().tasks[task]}: samples that pass, ${counts(task)}`, title: `${problems().tasks[task]}: ${counts(task)}`,
      "aria-pressed": String(task === state.task), onclick: () => open(task),
    });
  }

  function draw() {
    let left = SHOWN;
    groups.replaceChildren(...grouped().map(({ key, title, colour, tasks }) => {
      const some = tasks.slice(0, Math.max(0, left));
      left -= some.length;
      const squares = el("div", { class: `squares ${key}`, role: "group", "aria-label": `${title}: ${tasks.length} problems`, onkeydown: arrows },
        ...some.map((task, i) => square(task, colour, i === 0)));
      const more = tasks.length > some.length ? el("p", { class: "note" }, `and ${(tasks.length - some.length).toLocaleString("en-US")} more, in the table counts of the database`) : null;
      return el("div", { class: "group" }, el("h3", {}, title, " ", el("span", { class: "count" }, tasks.length.toLocaleString("en-US"))), squares, more);
    }));
  }

  function arrows(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...event.currentTarget.children], at = all.indexOf(document.activeElement);
    const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
    all.forEach((each) => { each.tabIndex = each === next ? 0 : -1; });
    next.focus();
  }

  function open(task) {
    state.task = task;
    groups.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", String(Number(each.dataset.task) === task)));
    const held = problems().texts[task];
    const head = [el("h3", {}, problems().tasks[task]), el("p", { class: "soft" }, `Samples that pass: ${counts(task)}.`)];
    if (!held) {
      detail.replaceChildren(...head, el("p", { class: "note" }, "Its texts are not on this page. ", problems().left_out));
      return;
    }
    const [prompt, samples] = held, code = el("pre", { tabindex: "0", "aria-label": "What the model wrote behind the prompt" }), verdict = el("p", { class: "verdict" });
    const buttons = samples.map((sample, i) => {
      const [model, decoding, number, said] = sample;
      return el("button", { type: "button", "aria-pressed": "false", "data-verdict": said, onclick: () => show(i) },
        swatch(data.models[model]), `${data.models[model].short} ${decoding === "greedy" ? "greedy" : `no. ${number}`} `, el("span", { class: "mark" }, said));
    });
    function show(i) {
      const [model, decoding, number, said, why, text] = samples[i];
      buttons.forEach((button, j) => button.setAttribute("aria-pressed", String(i === j)));
      verdict.replaceChildren(el("strong", {}, said), ` ${data.models[model].name}, ${decoding === "greedy" ? "the greedy output" : `sample ${number}`}${why ? `: ${why}` : ""}`);
      code.textContent = text;
    }
    detail.replaceChildren(...head,
      el("details", {}, el("summary", {}, "The prompt"), el("pre", { tabindex: "0", "aria-label": "The prompt" }, prompt)),
      el("div", { class: "samples", role: "group", "aria-label": "Samples" }, ...buttons), verdict, code);
    if (samples.length) show(0);
  }

  function control() {
    const greedy = models().some((m) => problems().greedy[m].some((each) => each !== null));
    controls.replaceChildren(choices("A model solves a problem if", "rule", RULES.filter(([key]) => key !== "greedy" || greedy).map(([key, text]) => [key, text]), state.rule, (key) => {
      state.rule = key;
      draw();
    }));
    const drawn = models().map((m) => `${problems().n[m]} of ${data.models[m].short}`).join(", ");
    document.getElementById("browser-note").textContent = `Samples a problem: ${drawn}. ${problems().left_out || ""}`;
  }

  function start(benchmark) {
    state.benchmark = benchmark;
    control();
    draw();
    // what one model alone solves is the more telling
    const order = grouped().sort((a, b) => (typeof b.key === "number") - (typeof a.key === "number"));
    const first = order.flatMap(({ tasks }) => tasks).find((task) => String(task) in problems().texts);
    if (first === undefined) detail.replaceChildren();
    else open(first);
  }
  document.addEventListener("benchmark", (event) => start(event.detail));
  start(0);
}
