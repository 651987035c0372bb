"""Note where a model's server is and how hard it may be asked."""

from isobudget import stage
from isobudget.rows import write_json


def note(args):
    """Write the settings; the key is not among them, but the name of the variable that holds it."""
    write_json(args.output, args.settings)


if __name__ == "__main__":
    stage.run(note, stage.arguments(__doc__))
