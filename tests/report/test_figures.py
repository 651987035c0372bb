"""The report's figures: what is drawn is what the database holds."""

import re
import xml.etree.ElementTree as ElementTree

import duckdb
import pytest
from matplotlib.image import imread

from helpers.made_database import LARGE, SIX, SMALL, artists, ask, build_database, report, rewritten
from isobudget.report import curves, table
from isobudget.report.database import read_study
from isobudget.report.figures import drawing, pass_at_k, rank_score


def test_every_figure_is_there_as_svg_and_png(written):
    names = {"pass_at_k", "pass_at_flops", "pass_at_seconds", "rank_score_at_flops", "rank_score_at_seconds"}
    folder = written / "figures/humaneval"
    assert {file.name for file in folder.iterdir()} == {f"{n}.{suffix}" for n in names for suffix in ("svg", "png")}
    for name in names:
        svg = ElementTree.parse(folder / f"{name}.svg").getroot()
        assert svg.tag.endswith("svg")
        words = "".join(text for each in svg.iter() if each.tag.endswith("text") for text in each.itertext())
        assert "% of problems" in words or "rank-score@k" in words, "text must stay text"
        height, width, _ = imread(folder / f"{name}.png").shape
        assert width == round(2 * 100 * drawing.WIDTH)
        assert height > 700


@pytest.mark.parametrize(("unit", "factor"), [(None, 1), ("flops", 1e12), ("seconds", 1)])
def test_curves_draw_the_table(database, unit, factor):
    drawn = artists(pass_at_k.draw(read_study(database), "humaneval", unit))
    for model in (SMALL, LARGE):
        cost = ask(database, f"SELECT generation FROM costs WHERE model = '{model}' AND unit = '{unit}'")
        cost = cost[0][0] if unit else 1
        rows = ask(database, f"SELECT k, value, low, high FROM pass_at_k WHERE model = '{model}' ORDER BY k")
        line = drawn[f"curve:{model}"]
        assert list(line.get_xdata()) == pytest.approx([k * cost / factor for k, *_ in rows], rel=1e-12)
        assert list(line.get_ydata()) == pytest.approx([100 * value for _, value, *_ in rows], rel=1e-12)
        edge = drawn[f"band:{model}"].get_paths()[0].vertices[:, 1]
        assert {round(y, 9) for y in edge} == {round(100 * y, 9) for *_, low, high in rows for y in (low, high)}
        star = drawn[f"greedy:{model}"].get_xydata()[0]
        greedy = ask(database, f"SELECT value FROM greedy WHERE model = '{model}'")[0][0]
        assert list(star) == pytest.approx([cost / factor, 100 * greedy], rel=1e-12)


def test_the_svg_file_holds_the_curve_to_scale(database, written):
    svg = ElementTree.parse(written / "figures/humaneval/pass_at_k.svg").getroot()
    group = next(each for each in svg.iter() if each.get("id") == f"curve:{SMALL}")
    path = next(each for each in group.iter() if each.tag.endswith("path")).get("d")
    drawn = [(float(x), float(y)) for x, y in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path)]
    rows = ask(database, f"SELECT log2(k), value FROM pass_at_k WHERE model = '{SMALL}' ORDER BY k")
    assert len(drawn) == len(rows) == 16
    for axis in (0, 1):  # both axes are linear in log2(k) and in the value
        first, last = rows[0][axis], rows[-1][axis]
        start, end = drawn[0][axis], drawn[-1][axis]
        expected = [start + (row[axis] - first) / (last - first) * (end - start) for row in rows]
        assert [point[axis] for point in drawn] == pytest.approx(expected, abs=1e-3)
    assert drawn[-1][1] < drawn[0][1], "higher scores stand higher"


def test_rank_scores_pay_for_sampling_and_ranking(database):
    drawn = artists(rank_score.draw(read_study(database), "humaneval", "seconds"))
    cost = dict(ask(database, "SELECT model, generation FROM costs WHERE unit = 'seconds'"))
    reading = ask(database, f"SELECT scoring FROM costs WHERE unit = 'seconds' AND model = '{LARGE}'")[0][0]
    for model, ranker, extra in [
        (SMALL, "nll:self", 0),
        (SMALL, "shortest", 0),
        (SMALL, f"nll:{LARGE}", reading),
        (LARGE, f"nll:{LARGE}", 0),  # its own likelihood was kept when it sampled
    ]:
        query = "SELECT k, value FROM rank_score_at_k WHERE (model, ranker) = (?, ?) ORDER BY k"
        with duckdb.connect(str(database), read_only=True) as connection:
            rows = connection.execute(query, [model, ranker]).fetchall()
        line = drawn[f"rank:{model}:{ranker}"]
        assert list(line.get_xdata()) == pytest.approx([k * (cost[model] + extra) for k, _ in rows], rel=1e-12)
        assert list(line.get_ydata()) == pytest.approx([100 * value for _, value in rows], rel=1e-12)
    assert {f"oracle:{SMALL}", f"oracle:{LARGE}", f"single:{SMALL}@{LARGE}", f"greedy:{LARGE}@{SMALL}"} <= set(drawn)


def test_a_model_has_one_colour_in_every_figure(database):
    study = read_study(database)
    drawn = [pass_at_k.draw(study, "humaneval", unit) for unit in (None, "flops")]
    drawn.append(rank_score.draw(study, "humaneval", "flops"))
    for model in (SMALL, LARGE):
        colours = {
            each.get_color() for figure in drawn for gid, each in artists(figure).items()
            if gid in (f"curve:{model}", f"greedy:{model}", f"rank:{model}:shortest")
        }  # fmt: skip
        assert len(colours) == 1


def test_long_curves_are_thinned_without_changing_a_point():
    k = tuple(range(1, 1001))
    curve = curves.Curve("m", None, k, k, tuple(x / 1000 for x in k), k, k)
    thin = curves.thinned(curve)
    assert thin.k[:32] == k[:32]
    assert thin.k[-1] == 1000
    assert {64, 128, 256, 512} <= set(thin.k)
    assert len(thin.k) < 100
    assert thin.value == tuple(x / 1000 for x in thin.k)
    assert max(b / a for a, b in zip(thin.k[31:], thin.k[32:], strict=False)) < 1.11


def test_figures_are_described_for_a_screen_reader(database, written):
    page = (written / "index.html").read_text()
    labels = re.findall(r'<svg role="img" aria-label="([^"]*)"', page)
    assert len(labels) == page.count("<svg ") == 5
    value = ask(database, f"SELECT value FROM pass_at_k WHERE model = '{SMALL}' AND k = 16")[0][0]
    told = next(label for label in labels if "pass@k over k." in label)
    assert f"to {100 * value:.1f} % at k = 16" in told


def test_figures_of_an_earlier_study_go(tmp_path):
    old = tmp_path / "figures/mbpp/pass_at_k.svg"
    old.parent.mkdir(parents=True)
    old.write_text("<svg/>")
    mine = tmp_path / "figures/notes.txt"
    mine.write_text("mine")
    database = build_database(tmp_path / "isobudget.duckdb", {SMALL: (4, 0.5, 1.0)}, problems=5, units=("flops",))
    report(database, tmp_path)
    assert not old.exists()
    assert mine.exists()
    assert (tmp_path / "figures/humaneval/pass_at_k.svg").exists()


def test_a_unit_without_costs_is_left_out(database, tmp_path):
    study = rewritten(
        database, tmp_path, "UPDATE costs SET generation = NULL, relative = NULL WHERE unit = 'seconds'",
        "DELETE FROM winners WHERE unit = 'seconds'", "DELETE FROM candidate_costs WHERE unit = 'seconds'",
        "DELETE FROM pass_at_budget WHERE unit = 'seconds'",
    )  # fmt: skip
    assert pass_at_k.draw(study, "humaneval", "seconds") is None
    assert rank_score.draw(study, "humaneval", "seconds") is None
    assert "equal seconds" not in table.table(study)
    page = report(tmp_path / "isobudget.duckdb", tmp_path / "report").read_text()
    assert "equal seconds" not in page
    assert "unknown" in page
    assert not (tmp_path / "report/figures/humaneval/pass_at_seconds.svg").exists()


def test_a_model_without_a_cost_is_named_under_the_figure(database, tmp_path):
    rewritten(database, tmp_path, f"UPDATE costs SET generation = NULL WHERE unit = 'flops' AND model = '{LARGE}'")
    page = report(tmp_path / "isobudget.duckdb", tmp_path / "report").read_text()
    assert f"Not shown, their cost in FLOPs is unknown: {LARGE}." in page


def test_several_benchmarks_many_models_and_dollars(tmp_path):
    models = dict(list(SIX.items())[:4])
    database = build_database(
        tmp_path / "isobudget.duckdb", models, ("humaneval", "mbpp"), problems=8, units=("flops", "usd"),
        budgets=(1, 16), rankers=("nll:self",), resamples=20,
    )  # fmt: skip
    page = report(database, tmp_path).read_text()
    names = {f"{metric}_at_{over}.svg" for metric in ("pass", "rank_score") for over in ("flops", "usd")}
    for benchmark in ("humaneval", "mbpp"):
        found = {file.name for file in (tmp_path / f"figures/{benchmark}").glob("*.svg")}
        assert found == names | {"pass_at_k.svg"}
        assert f'<section id="{benchmark}" ' in page
    assert "equal US dollars" in page


def test_a_figure_on_the_page_takes_the_colours_of_the_page(written):
    page = (written / "index.html").read_text()
    drawn = re.findall(r"(?:fill|stroke): ([^;\"]+)", "".join(re.findall(r"<svg.*?</svg>", page, re.S)))
    assert len(drawn) > 500
    assert {colour for colour in drawn if not colour.startswith("var(--")} <= {"none"}
    light, dark = page.split("@media (prefers-color-scheme: dark)")[:2]
    for name in {found for colour in drawn for found in re.findall(r"var\((--[\w-]+)", colour)}:
        assert f"{name}: #" in light
        assert f"{name}: #" in dark.split("</style>")[0]
