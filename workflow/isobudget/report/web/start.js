// Light or dark, as the system has it until the reader says otherwise; then the page's parts.

function lookSwitch(button) {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.look ? root.dataset.look === "dark" : dark.matches);
  const tell = () => {
    button.textContent = isDark() ? "Light look" : "Dark look";
  };
  button.addEventListener("click", () => {
    root.dataset.look = isDark() ? "light" : "dark";
    tell();
  });
  dark.addEventListener("change", tell);
  button.hidden = false;
  tell();
}

// One benchmark's tables at a time; without a script all of them stand below each other.
function chosenBenchmark() {
  const sections = [...document.querySelectorAll("[data-benchmark]")];
  const show = (chosen) => sections.forEach((each) => { each.hidden = Number(each.dataset.benchmark) !== chosen; });
  document.addEventListener("benchmark", (event) => show(event.detail));
  show(0);
}

const data = JSON.parse(document.getElementById("data").textContent);
lookSwitch(document.getElementById("look"));
document.querySelectorAll(".scripted").forEach((each) => { each.hidden = false; });
document.querySelectorAll("details.drawings").forEach((each) => { each.open = false; });
chosenBenchmark();
if (data.benchmarks.every((each) => each.families.length)) explore(data, document.getElementById("figure"));
else document.getElementById("figure").textContent = "A benchmark of this study has no curve yet.";
browse(data, document.getElementById("browser"));
document.documentElement.dataset.ready = "yes";
