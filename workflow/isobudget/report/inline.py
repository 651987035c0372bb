"""A figure's SVG made fit to stand inside the page: no outer references, ids of its own, the page's colours."""

import re
from html import escape

from isobudget.report.colours import THEME, variables


def inline_svg(text: str, prefix: str, alternative: str) -> str:
    """The SVG as an element of an HTML page.

    Args:
        text: the SVG file that matplotlib wrote.
        prefix: put before every id, so that figures on one page do not collide.
        alternative: the words for a screen reader.

    Colours become CSS variables with the figure's own colour as what is used without them, so that one
    drawing serves a light and a dark page. Coordinates are cut to hundredths of a point.
    """
    text = text[text.index("<svg") :]  # the XML declaration and the document type with its address
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.S)  # it would hold for the whole page; page.css has it
    text = re.sub(r' (xmlns|xmlns:xlink|version)="[^"]*"', "", text)
    text = text.replace("xlink:href=", "href=")
    text = re.sub(r'\bid="([^"]*)"', lambda found: f'id="{prefix}-{found[1]}"', text)
    text = re.sub(r'href="#([^"]*)"', lambda found: f'href="#{prefix}-{found[1]}"', text)
    text = re.sub(r"url\(#([^)]*)\)", lambda found: f"url(#{prefix}-{found[1]})", text)
    text = re.sub(r"-?\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}", text)
    text = re.sub(r"\s*\n\s*", "\n", text)
    for colour, name in [*THEME.items(), *((light, variable) for light, variable, _, _ in variables())]:
        text = re.sub(rf"{colour}\b", f"var(--{name}, {colour})", text, flags=re.I)
    return re.sub(r"<svg ", f'<svg role="img" aria-label="{escape(alternative)}" ', text, count=1)
