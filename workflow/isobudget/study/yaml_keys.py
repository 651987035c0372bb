"""Keys that stand twice in a config file: Snakemake reads the file itself and keeps the last without a word."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from isobudget.files.errors import StudyError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check(files: Iterable[str | Path]) -> None:
    """Refuse config files in which a key stands twice in one mapping, so that its first block would disappear.

    Args:
        files: paths of YAML or JSON; what is no file any more, such as a pipe that was read, is passed over.

    Raises:
        StudyError: one sentence a key, with the file and both lines.
    """
    found = [sentence for file in files if Path(file).is_file() for sentence in _twice(Path(file))]
    if found:
        raise StudyError("\n".join(found))


def _twice(file: Path) -> list[str]:
    try:
        with open(file, "rb") as text:
            root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError:
        return []  # what Snakemake took for JSON, or has refused by now
    found: list[str] = []
    seen: set[int] = set()  # an alias is its anchor's node again
    left = [(root, "")]
    while left:
        node, place = left.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            left += [(value, place) for value in node.value]
        if not isinstance(node, yaml.MappingNode):
            continue
        first: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            name = f"{place}.{key.value}" if place else str(key.value)
            left.append((value, name))
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if before := first.get((key.tag, key.value)):
                found.append(
                    f"{file}: the key {name!r} stands there twice, in line {before} and in line {line}, and the first "
                    "would count for nothing; rename or remove one."
                )
            first.setdefault((key.tag, key.value), line)
    return sorted(found)
