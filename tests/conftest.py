"""Where the package is, for tests and for the processes they start."""

import os
import sys
from pathlib import Path

WORKFLOW = str(Path(__file__).parent.parent / "workflow")
sys.path.insert(0, WORKFLOW)
os.environ["PYTHONPATH"] = WORKFLOW
