"""The page in a real browser: it shows every reader what the database holds, and nothing that a model wrote runs."""

import argparse
import math
import re

import duckdb
import pytest

from helpers import small_study
from helpers.browser import Browser, needs_chromium
from helpers.made_database import SIX, build_database
from isobudget.report.__main__ import write_report
from isobudget.report.curves import published_marks
from isobudget.report.database import read_study

pytestmark = [pytest.mark.browser, needs_chromium]

HOSTILE = """    </script><img src=x onerror="window.broken = 1"><!--<script>window.broken = 2</script>
    return "&lt;b&gt; \\u2028 </pre><iframe srcdoc='<script>parent.broken = 3</script>'></iframe>"
"""
LINES = ".chart .line"
NAME = "e => e.id || e.name || (e.dataset.model ? 'curve:' + e.dataset.model : e.className) || e.tagName"
SIZES = {"desktop": {}, "dark": {"dark": True}, "phone": {"width": 375, "height": 800}}


@pytest.fixture(scope="module")
def browser():
    one = Browser()
    yield one
    one.close()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of three problems that the stages wrote, with programs and prompts that attack the page."""
    folder = tmp_path_factory.mktemp("page")
    small_study.write_study(folder)
    done = small_study.aggregate(folder)
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(folder / "isobudget.duckdb")) as connection:
        connection.execute("UPDATE samples SET text = $1 WHERE model = 'S' AND task_id = 'T/1'", [HOSTILE])
        connection.execute("UPDATE outcomes SET detail = $1 WHERE model = 'S' AND task_id = 'T/1'", [HOSTILE[:60]])
        connection.execute("UPDATE problems SET prompt = $1", [HOSTILE])
    report(folder)
    return folder


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    """A study of two benchmarks and three models, one of them without a cost in seconds."""
    folder = tmp_path_factory.mktemp("larger")
    models = {"a-small": (32, 0.5, 1.0), "a-middle": (12, 0.6, 2.0), "a-large": (8, 0.7, 4.0)}
    path = build_database(folder / "isobudget.duckdb", models, ("humaneval", "mbpp"), problems=20, resamples=50)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "UPDATE costs SET generation = NULL, relative = NULL WHERE unit = 'seconds' AND model = 'a-large'"
        )
    report(folder)
    return folder


def report(folder):
    database, output = str(folder / "isobudget.duckdb"), str(folder / "report/index.html")
    write_report(argparse.Namespace(database=database, settings={}, output=output))


def ask(folder, query, *values):
    with duckdb.connect(str(folder / "isobudget.duckdb"), read_only=True) as connection:
        return connection.execute(query, values).fetchall()


def shown(browser, folder, **how):
    browser.open(folder / "report/index.html", **how)
    return browser


def choose(browser, name, value):
    browser.click(f'input[name="{name}"][value="{value}"] + span')


def curves(browser):
    """{model: the path that is drawn}."""
    each = "g => [g.dataset.model, g.querySelector('path').getAttribute('d')]"
    return dict(browser.run(f"[...document.querySelectorAll('{LINES}')].map({each})"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("which", ["study", "larger"])
def test_it_loads_without_an_error_and_asks_no_one(browser, request, which, size):
    folder = request.getfixturevalue(which)
    shown(browser, folder, **SIZES[size])
    assert browser.problems == []
    assert browser.requests == [(folder / "report/index.html").as_uri()]


def test_units_families_models_and_benchmarks_change_the_curves(browser, larger):
    shown(browser, larger)
    before = curves(browser)
    assert set(before) == {"a-small", "a-middle", "a-large"}
    assert any("FLOPs a problem" in text for text in browser.texts(".chart .title"))
    choose(browser, "unit", "seconds")
    assert set(curves(browser)) == {"a-small", "a-middle"}
    assert any("seconds a problem" in text for text in browser.texts(".chart .title"))
    choose(browser, "unit", "k")
    assert any("k, samples a problem" in text for text in browser.texts(".chart .title"))
    assert curves(browser)["a-large"] != before["a-large"]
    choose(browser, "unit", "flops")
    assert curves(browser) == before
    choose(browser, "model", "a-middle")
    assert set(curves(browser)) == {"a-small", "a-large"}
    choose(browser, "model", "a-middle")
    choose(browser, "family", "rank")
    ranked = curves(browser)
    assert ranked != before
    browser.run("(() => { const one = document.getElementById('choice'); one.value = '2';"
                "one.dispatchEvent(new Event('change')); })()")  # fmt: skip
    assert curves(browser) != ranked
    assert browser.texts("[data-benchmark]:not(.details) h2") == ["The best model at each budget, humaneval"]
    choose(browser, "family", "pass")
    browser.run("(() => { const one = document.getElementById('benchmark'); one.value = '1';"
                "one.dispatchEvent(new Event('change')); })()")  # fmt: skip
    assert curves(browser) != before
    assert browser.texts("[data-benchmark]:not(.details) h2") == ["The best model at each budget, mbpp"]
    assert browser.problems == []


@pytest.mark.parametrize("unit", ["flops", "seconds"])
def test_pointing_at_a_budget_tells_what_the_tables_hold(browser, study, unit):
    """At every budget of pass_at_budget: the pointer stands there, and each model's k, value and interval are read."""
    shown(browser, study)
    choose(browser, "unit", unit)
    query = "SELECT budget, budget_absolute, model, k, value, low, high FROM pass_at_budget WHERE unit = ?"
    rows = ask(study, f"{query} ORDER BY budget, value DESC", unit)
    ends = ask(
        study,
        "SELECT model, generation, max(k) FROM costs JOIN pass_at_k USING (model) WHERE unit = ? GROUP BY ALL",
        unit,
    )
    first = min(cost for _, cost, _ in ends)
    last = max(cost * k for _, cost, k in ends)
    at_first, at_last = end_marks(browser)
    seen = 0
    for budget in sorted({row[0] for row in rows}):
        here = [row for row in rows if row[0] == budget]
        absolute = here[0][1]
        if absolute >= last:
            continue
        share = math.log(absolute * 1.0005 / first) / math.log(last / first)
        browser.point(at_first[0] + share * (at_last[0] - at_first[0]), at_first[1])
        told = browser.texts(".readout li")
        for _, _, model, k, value, low, high in here:
            words = f"{model} × {k}{100 * value:.1f} %{100 * low:.1f} to {100 * high:.1f}"
            assert any(line.startswith(words) for line in told), (budget, words, told)
            seen += 1
    assert seen == sum(row[1] < last for row in rows) > 2


def end_marks(browser):
    """Where the first and the last point of all curves stand in the window."""
    browser.run(
        "(() => { const marks = [...document.querySelectorAll('.chart .line :not(path)')];"
        "const at = each => each.getBoundingClientRect().x; marks.sort((a, b) => at(a) - at(b));"
        "marks[0].id = 'first-mark'; marks[marks.length - 1].id = 'last-mark'; })()"
    )
    return browser.place("#first-mark"), browser.place("#last-mark")


@pytest.mark.parametrize(("family", "query"), [
    ("pass", "SELECT k, k, value, low, high FROM pass_at_k WHERE model = ? ORDER BY k"),
    ("stop", "SELECT k, e.value, p.value, p.low, p.high FROM early_stop_at_k e JOIN pass_at_k p USING (model, k) "
             "WHERE model = ? ORDER BY k"),
    ("rank", "SELECT k, k, value, low, high FROM rank_score_at_k WHERE model = ? AND ranker = 'nll:self' ORDER BY k"),
])  # fmt: skip
def test_the_curves_are_the_tables(browser, study, family, query):
    """Every point of every family, in the drawing and in the table beside it."""
    shown(browser, study, height=2000)
    choose(browser, "family", family)
    choose(browser, "unit", "k")
    browser.click("details.points summary")
    browser.wait("document.querySelector('.points tbody tr')")
    told = browser.run(
        "[...document.querySelectorAll('.points tbody tr')].map(r => [...r.children].map(c => c.textContent))"
    )
    drawn = curves(browser)
    seen = []
    for model in ("S", "L"):
        rows = ask(study, query, model)
        for k, draws, value, low, high in rows:
            line = next(each for each in told if each[:2] == [model, str(k)])
            assert float(line[2]) == pytest.approx(draws, rel=5e-3)
            assert line[3:] == [f"{100 * value:.1f}", f"{100 * low:.1f} to {100 * high:.1f}"]
        points = [tuple(map(float, pair)) for pair in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", drawn[model])]
        assert len(points) == len(rows)
        seen += [(math.log2(row[1]), row[2], *point) for row, point in zip(rows, points, strict=True)]
    assert len(told) == len(seen)
    for data, pixels, sign in ((0, 2, 1), (1, 3, -1)):  # both axes are linear: in log2 of the draws, in the share
        low, high = min(seen, key=lambda p: p[data]), max(seen, key=lambda p: p[data])
        if high[data] == low[data]:
            continue
        slope = (high[pixels] - low[pixels]) / (high[data] - low[data])
        assert slope * sign > 0
        for point in seen:
            assert point[pixels] == pytest.approx(low[pixels] + slope * (point[data] - low[data]), abs=0.15)


def test_a_program_is_shown_as_text_and_nothing_of_it_runs(browser, study):
    shown(browser, study)
    browser.click('.squares button[data-task="1"]')
    assert browser.texts(".problem h3") == ["T/1"]
    browser.click(".samples button")
    assert browser.run("document.querySelector('.problem > pre').textContent") == HOSTILE
    assert HOSTILE[:60].split() == browser.texts(".problem .verdict")[0].partition(": ")[2].split()
    browser.click(".problem summary")
    assert browser.run("document.querySelector('.problem details pre').textContent") == HOSTILE
    assert browser.run("document.querySelectorAll('img, iframe, main script').length") == 0
    assert browser.run("typeof window.broken") == "undefined"
    assert browser.problems == []
    assert len(browser.requests) == 1


def test_even_a_text_that_were_html_could_run_nothing(browser, study):
    shown(browser, study)
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.broken = 1\">')")
    browser.run("new Promise(done => setTimeout(done, 200))")
    assert browser.run("typeof window.broken") == "undefined"
    assert any("Content Security Policy" in each for each in browser.problems)


def test_problems_are_grouped_by_who_solves_them(browser, study):
    shown(browser, study)

    def groups():
        return browser.texts(".group h3")

    solved = {
        model: [c > 0 for (c,) in ask(study, "SELECT c FROM counts WHERE model = ? ORDER BY task_id", model)]
        for model in "SL"
    }
    pairs = list(zip(solved["S"], solved["L"], strict=True))
    both, small, large, none = (
        pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))
    )
    expected = [f"Both solve {both}", f"Only S solves {small}", f"Only L solves {large}"] + [
        f"Neither solves {none}"
    ] * (none > 0)
    assert groups() == expected
    choose(browser, "rule", "greedy")
    assert groups() == ["Both solve 1", "Only S solves 0", "Only L solves 1", "Neither solves 1"]


@pytest.mark.parametrize("which", ["study", "larger"])
def test_a_phone_shows_it_without_scrolling_sideways(browser, request, which):
    shown(browser, request.getfixturevalue(which), width=375, height=800)
    for family in ("pass", "rank"):
        choose(browser, "family", family)
        assert browser.run("document.documentElement.scrollWidth") == 375
    beyond = browser.run(
        "[...document.querySelectorAll('main *')]"
        ".filter(e => e.checkVisibility() && !e.closest('.scroll, pre, svg, .said'))"
        ".filter(e => e.getBoundingClientRect().right > 375.5).map(e => e.tagName + '.' + e.className)"
    )
    assert beyond == []
    sizes = "[...document.querySelectorAll('.chart text')].map(t => parseFloat(getComputedStyle(t).fontSize))"
    assert min(browser.run(sizes)) >= 12


def brightness(browser):
    rgb = browser.run("getComputedStyle(document.body).backgroundColor + ' ' + getComputedStyle(document.body).color")
    back, ink = (list(map(int, found.split(", "))) for found in re.findall(r"rgb\(([^)]*)\)", rgb))
    return sum(back) / 3, sum(ink) / 3


def test_dark_and_light_follow_the_system_and_the_switch(browser, study):
    for dark in (True, False):
        shown(browser, study, dark=dark)
        for now in (dark, not dark, dark):
            back, ink = brightness(browser)
            assert (back < 60 < 200 < ink) if now else (ink < 60 < 200 < back)
            assert browser.texts("#look") == ["Light look" if now else "Dark look"]
            browser.click("#look")


def test_the_keyboard_reaches_every_control_and_every_point(browser, study):
    shown(browser, study)
    stops = []
    for _ in range(80):
        browser.press("Tab")
        stops.append(browser.run(f"({NAME})(document.activeElement)"))
        if stops[-1] == "BODY":
            break
    first = [name for place, name in enumerate(stops) if name not in stops[:place]]
    order = ["skip", "look", "family", "unit", "model", "curve:S", "curve:L", "rule"]
    assert [name for name in first if name in order] == order
    browser.run(f"document.querySelector('{LINES}').focus()")
    rows = ask(study, "SELECT k, value FROM pass_at_k WHERE model = 'S' ORDER BY k")
    browser.press("Home")
    for k, value in rows:
        told = browser.run("document.activeElement.getAttribute('aria-valuetext')")
        assert told.startswith(f"S × {k}: {100 * value:.1f} %, 95 % interval ")
        assert browser.run("document.querySelector('.said').value") == told
        browser.press("ArrowRight")
    assert browser.run("document.activeElement.getAttribute('aria-valuenow')") == str(len(rows))
    browser.run("document.querySelector('input[name=unit]:checked').focus()")
    browser.press("ArrowRight")
    assert browser.run("document.activeElement.value") == "seconds"
    assert any("seconds a problem" in text for text in browser.texts(".chart .title"))


def test_a_screen_reader_finds_its_way(browser, larger):
    shown(browser, larger)
    assert (
        browser.run("[...document.querySelectorAll('main, header, main > section[aria-labelledby] > h1')].length") >= 3
    )
    nameless = browser.run(
        "[...document.querySelectorAll('input, select, button, svg, table, pre, [role=slider], [role=region]')]"
        ".filter(e => e.checkVisibility()).filter(e => !(e.labels?.length || e.getAttribute('aria-label') || e.caption"
        " || (e.tagName === 'BUTTON' && e.textContent.trim()))).map(e => e.outerHTML.slice(0, 80))"
    )
    assert nameless == []
    ids = browser.run("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    levels = browser.run("[...document.querySelectorAll('h1, h2, h3, h4')].map(e => Number(e.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    assert browser.run("document.querySelector('.said').getAttribute('aria-live')") in ("polite", "off")


def test_without_a_script_the_answer_the_tables_and_the_drawings_are_there(browser, study):
    shown(browser, study, script=False)
    assert browser.texts("h1")
    assert len(browser.texts("table caption")) >= 5
    assert browser.run("[...document.querySelectorAll('.drawings svg')].filter(e => e.checkVisibility()).length") >= 5
    assert browser.texts("#figure, #browser, #look") == []


@pytest.mark.parametrize("unit", ["k", "flops"])
def test_what_the_paper_published_stands_at_the_height_of_its_scores_and_the_cost_of_k_here(browser, tmp_path, unit):
    path = build_database(tmp_path / "isobudget.duckdb", SIX, resamples=20)
    settings = {"published": {"humaneval": {"code-llama-7b": "Code Llama 7B", "code-llama-70b": "Code Llama 70B"}}}
    write_report(argparse.Namespace(database=str(path), settings=settings, output=str(tmp_path / "report/index.html")))
    wanted = {
        (mark.model, str(k)): value
        for mark in published_marks(read_study(path, **settings), "humaneval", None if unit == "k" else unit)
        for k, value in zip(mark.k, mark.value, strict=True)
    }
    shown(browser, tmp_path)
    choose(browser, "unit", unit)
    ends = "[...g.children].slice(1).map(l => ['x1', 'x2', 'y1', 'y2'].map(end => Number(l.getAttribute(end))))"
    each = f"[...document.querySelectorAll('.published')].map(g => [g.dataset.model, g.dataset.k, {ends}])"
    crosses = {(model, k): (sum(one[:2]) / 2, sum(one[2:]) / 2) for model, k, (one, _) in browser.run(each)}
    assert set(crosses) == set(wanted) and len(wanted) > 5
    assert ("code-llama-7b", "1") in wanted and ("code-llama-7b", "64") not in wanted, "beyond where the curves end"
    query = "SELECT k, value FROM pass_at_k WHERE model = 'code-llama-7b' ORDER BY k"
    points = re.findall(r"[ML]([-\d.]+) ([-\d.]+)", curves(browser)["code-llama-7b"])
    line = {k: (value, float(x), float(y)) for (k, value), (x, y) in zip(ask(tmp_path, query), points, strict=True)}
    (first, at_first, low), (last, at_last, high) = line[1], line[16]
    for (model, k), (x, y) in crosses.items():
        assert y == pytest.approx(low + (wanted[model, k] - first) / (last - first) * (high - low), abs=0.3)
        if model == "code-llama-7b":
            assert x == pytest.approx(at_first + math.log(int(k), 16) * (at_last - at_first), abs=0.3)
    assert "A cross is what Hassid et al. (2024) published" in browser.texts("figcaption")[0]
    browser.click("details.points summary")
    browser.wait("document.querySelector('.points tbody tr')")
    told = [text for text in browser.texts(".points tbody tr") if "published" in text]
    assert len(told) == len(wanted) and any(f"{100 * wanted['code-llama-7b', '1']:.1f}" in text for text in told)
    choose(browser, "family", "rank")
    assert browser.run("document.querySelectorAll('.published').length") == 0
    assert browser.problems == []
