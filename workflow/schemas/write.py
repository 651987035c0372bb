"""Write config.schema.json anew from the typed model: `python workflow/schemas/write.py`."""

import json
from pathlib import Path

from isobudget.study.config import schema

if __name__ == "__main__":
    Path(__file__).with_name("config.schema.json").write_text(json.dumps(schema(), indent=2, sort_keys=True) + "\n")
