"""More chat answers with the program that is in each, by kind: what models and their templates do to an answer.

docs/how-texts-become-programs.md has a row for each kind. awkward.py holds what a peer was asked about as well.
"""

from helpers.chat_answers.layouts import FENCES, FIRST_LINES, LAYOUTS, SPACES, WHOLE_PROGRAMS
from helpers.chat_answers.marks import MARKS, THOUGHTS
from helpers.chat_answers.versions import LATER_BLOCKS, SET_UPS, SHADOWS

KINDS = {
    "later blocks": LATER_BLOCKS,
    "builtins": SHADOWS,
    "thoughts": THOUGHTS,
    "marks": MARKS,
    "fences": FENCES,
    "set-ups": SET_UPS,
    "spaces": SPACES,
    "first lines": FIRST_LINES,
    "layouts": LAYOUTS,
    "whole programs": WHOLE_PROGRAMS,
}
