"""Draw the figures, write the tables, and last of all the page: results/report/ from the database."""

import argparse
import json
import platform
from importlib.metadata import version
from pathlib import Path

import isobudget
from isobudget.files import stage
from isobudget.files.settings import ReportSettings
from isobudget.files.tables import whole_file
from isobudget.report import captions
from isobudget.report.data import in_script, page_data
from isobudget.report.database import read_study
from isobudget.report.figures import FIGURES, drawing
from isobudget.report.inline import inline_svg
from isobudget.report.page import page
from isobudget.report.tables import write_tables

MOST_DRAWN = 1_000_000  # letters of drawings on the page; the paper's study has more, its curves are long
_LABELS = {
    "models": "settings: models, blocks of samples",
    "problems": "settings: problems, the first",
}


def write_report(args: argparse.Namespace) -> None:
    """Write figures/, tables/ and index.html into the folder of --output.

    Figures of an earlier study that this one does not have are removed, so that the folder shows one study.
    """
    study = read_study(args.database, args.settings.get("problems"), args.settings.get("published"))
    output = Path(args.output)
    write_tables(study, output.parent / "tables")
    drawn = {benchmark: _draw(study, benchmark, output.parent / "figures") for benchmark in study.benchmarks}
    _bound([figure for figures in drawn.values() for figure in figures])
    kept = {figure["path"] for each in drawn.values() for figure in each}
    for suffix in ("svg", "png"):
        for file in (output.parent / "figures").glob(f"*/*.{suffix}"):
            if file.with_suffix("") not in kept:
                file.unlink()
    data = in_script(page_data(study, args.database))
    text = page(study, data, drawn, _provenance(study, args.database))
    with whole_file(output) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _bound(drawn):
    """Leave on the page as many drawings as MOST_DRAWN allows, the first of all; of the others only their files."""
    total = 0
    for figure in drawn:
        total += len(figure["svg"])
        if total > MOST_DRAWN:
            figure["svg"] = None


def _draw(study, benchmark, folder):
    """Draw every figure of one benchmark; a list of what the page needs of each."""
    done = []
    for figure in FIGURES:
        if not all(study.has(table, benchmark) for table in figure.needs):
            continue
        for unit in figure.units:
            drawn = figure.draw(study, benchmark, unit)
            if drawn is None:
                continue
            name = figure.stem(unit)
            path = folder / benchmark / name
            drawing.save(drawn, path)
            title = captions.titled(figure.title, unit)
            words = f"{benchmark}, {title}. {'; '.join(figure.phrases(study, benchmark, unit))}."
            svg = path.with_name(f"{name}.svg").read_text(encoding="utf-8")
            done.append(
                {
                    "path": path,
                    "title": title,
                    "caption": figure.caption(study, benchmark, unit) + captions.left_out(study, benchmark, unit),
                    "wide": drawn.get_figwidth() > drawing.WIDTH,
                    "svg": inline_svg(svg, f"{benchmark}-{name}", words),
                    "introduction": figure.introduction,
                }
            )
    return done


def _provenance(study, database):
    """What the aggregate stage kept, a line a key, then what drew this page."""
    told = [("database", Path(database).name)]
    for name, text in study.kept:
        try:
            value = json.loads(text)
        except (TypeError, ValueError):
            value = text
        entries = value.items() if isinstance(value, dict) else [("", value)]
        told += [(_LABELS.get(key, f"{name}: {key}" if key else name), _words(entry)) for key, entry in entries]
    page = {"isobudget": isobudget.__version__, "python": platform.python_version()}
    page |= {package: version(package) for package in ("duckdb", "matplotlib")}
    return [*told, ("this page", _words(page))]


def _words(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(entry)}" for key, entry in value.items())
    if isinstance(value, list):
        return (
            "none"
            if not value
            else ", ".join(
                json.dumps(entry) if isinstance(entry, str) and entry != entry.strip() else _words(entry)
                for entry in value
            )
        )
    return "not set" if value is None else str(value)


if __name__ == "__main__":
    parser = stage.arguments(__doc__, ReportSettings)
    parser.add_argument("--database", required=True, help="results/isobudget.duckdb")
    stage.run(write_report, parser)
