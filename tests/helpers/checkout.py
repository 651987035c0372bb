"""Where the checkout lies that is tested, and the data sets beside it, which are in no repository."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared/data"
