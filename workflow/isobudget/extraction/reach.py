"""What an entry point reaches: of the statements of an answer those that it needs, and no more."""

import ast
import builtins
import itertools
from functools import cached_property
from typing import NamedTuple

from isobudget.extraction.definitions import defining, gives_data
from isobudget.extraction.python_code import Code, Statement

# a program that looks names up by their text may reach any of them, or give any of them a value
_LOOKUPS = frozenset({"eval", "exec", "globals", "vars", "locals"})
_BUILTINS = frozenset(dir(builtins))
_MOST_NAMES = 500  # names are followed no further; no answer of a model comes near


def reached(code: Code, others: list[Code], around: Code | None, older: list[Code], entry_point: str) -> str:
    """The text of the statements that the entry point needs, in the order in which they stand.

    Args:
        code: the Code that defines it.
        others: list of Code, the nearest first, where names are looked up that `code` does not bind.
        around: the prompt's Code, where it is Python, else None: its names are looked up next.
        older: list of Code, the nearest first, that define the entry point as well: last of all, their imports and
            other definitions.
        entry_point: a name that `code` binds.
    """
    pool = defining(code, entry_point)
    hidden = _shadows(pool, entry_point)
    own = bound = {name for one in pool for name in one.binds - hidden.get(id(one), set())}
    given = around.binds if around else set()
    for other in [*others, *([around] if around else []), *older]:
        # only what is missing comes from elsewhere: statements that stand together belong together
        more = [one for one in other.statements if not one.binds or one.binds - bound]
        if other in older:
            more = [one for one in more if one.kind in ("import", "definition") and entry_point not in one.binds]
        elif other is not around:
            more = [one for one in more if not _only_shows(one, other, entry_point)]
            hidden |= {id(one): one.binds & _not_from(one, given) for one in more}
        bound = bound | {name for one in more for name in one.binds - hidden.get(id(one), set())}
        # what changes something that is defined here comes after that
        behind = {id(one) for one in more if not one.binds and (one.changes | one.acts_on) & own}
        before = [one for one in more if id(one) not in behind]
        pool = before + pool + [one for one in more if id(one) in behind]
    kept = _closure(pool, hidden, entry_point)
    kept.sort(key=lambda one: one.kind != "future")
    return "\n".join(one.text for one in kept) + "\n"


def _shadows(pool, entry_point):
    """{id of a Statement: builtins' names}: those that an example behind the entry point gives to its data."""
    behind = itertools.takewhile(lambda one: entry_point not in one.binds, reversed(pool))
    return {id(one): one.binds & _BUILTINS for one in behind if one.binds & _BUILTINS and gives_data(one)}


def _not_from(one, given):
    """Names that come from elsewhere, though a Statement of another part of the answer gives them data or imports them.

    These are the builtins and `given`, the prompt's.
    """
    return given | _BUILTINS if one.kind == "import" or gives_data(one) else set()


def _only_shows(one, other, entry_point):
    """Whether a Statement that binds no name belongs to a use: a `del`, a star import beside calls of the function."""
    is_use = one.kind == "star" and any(entry_point in each.reads for each in other.statements)
    return is_use or isinstance(one.nodes[0], ast.Delete)


class _Act(NamedTuple):
    """A Statement that may change what others bound, and the names with which it does so."""

    statement: Statement
    far: set  # names that it reads, or that what it calls reads
    handled: set  # names of which the object was made on which it calls something, as in `register(1)`
    acts_on: set  # names on which it calls something, bases that keep count of their subclasses

    def matters(self, wanted, binding, entry_point):
        """Whether it changes what the entry point works with, though it binds nothing of it."""
        one = self.statement
        if one.changes & wanted:
            return True
        if one.kind == "check" or (entry_point in self.far and entry_point not in self.acts_on):
            return False  # a test, an example, a main program
        if one.sets_up or self.far & wanted & binding.data or self.acts_on & wanted & binding.defined:
            return True
        return entry_point not in self.handled and bool(self.handled & wanted & binding.data)

    def may_give(self, missing, binding, entry_point):
        """Whether it may bind a name that nothing else does: in a function that it calls, or by the name's text."""
        one = self.statement
        if any(each.declares & missing for name in self.far for each in binding.get(name, ())):
            return True
        by_text = self.far & _LOOKUPS or "sys.modules" in one.text or "builtins" in self.far
        return bool(by_text) and one.kind == "other" and entry_point not in self.far


class _Bindings(dict):
    """{name: the Statements of a pool that bind it}."""

    def __init__(self, pool, hidden):
        for one in pool:
            for name in one.binds - hidden.get(id(one), set()):
                self.setdefault(name, []).append(one)
        self._pool, self._read = pool, {}

    @cached_property
    def defined(self):
        """The names of functions and classes."""
        return {name for name, found in self.items() if any(one.kind == "definition" for one in found)}

    @cached_property
    def data(self):
        """The names of everything else that is no import."""
        declared = {name for one in self._pool for name in one.declares if name not in self}
        return declared | {name for name, found in self.items() if all(one.kind == "other" for one in found)}

    def far(self, names, through_data=False):
        """Those names, and what functions among them read, and what others are further names for.

        With `through_data`, what any other value among them was made of as well.
        """
        seen, pending = set(names), list(names)
        while pending and len(seen) < _MOST_NAMES:
            name = pending.pop()
            if (name, through_data) not in self._read:
                followed = [one for one in self.get(name, ()) if through_data or _stands_for_what_it_reads(one)]
                self._read[name, through_data] = {each for one in followed for each in one.reads}
            fresh = self._read[name, through_data] - seen
            seen |= fresh
            pending += fresh
        return seen


def _closure(pool, hidden, entry_point):
    binding = _Bindings(pool, hidden)
    acts = list(_acts(pool, binding))
    wanted, kept, everything = {entry_point}, set(), None
    fresh = [one for one in pool if one.kind in ("future", "star")] + binding[entry_point]
    while fresh:
        while fresh:
            one = fresh.pop()
            if id(one) not in kept:
                kept.add(id(one))
                for name in one.reads - wanted:
                    wanted.add(name)
                    fresh += binding.get(name, ())
        left = [act for act in acts if id(act.statement) not in kept]
        fresh = [act.statement for act in left if act.matters(wanted, binding, entry_point)]
        if everything is None and not fresh:
            everything = bool(wanted & _LOOKUPS)
        if left and not fresh:
            missing = wanted - binding.keys() - _BUILTINS
            missing -= {name for one in pool if id(one) in kept for name in one.declares}
            fresh = [act.statement for act in left if missing and act.may_give(missing, binding, entry_point)]
    if everything:
        examples = {id(act.statement) for act in acts if entry_point in act.far or not act.statement.binds}
        kept |= {id(one) for one in pool} - examples
    return [one for one in pool if id(one) in kept]


def _acts(pool, binding):
    """The _Acts among the Statements of a pool."""
    counted: dict = {}
    always = any("__subclasses__" in one.text for one in pool)
    for one in pool:
        if one.kind in ("other", "check"):
            on = _called_on(one)
            yield _Act(one, binding.far(one.reads), binding.far(on, through_data=True) if on else on, one.acts_on)
        elif one.kind == "definition":
            # a decorator may enter what it decorates in a table, a class its subclasses
            bases = _counting_bases(one, counted, always) if isinstance(one.nodes[-1], ast.ClassDef) else set()
            if one.decorators or bases:
                yield _Act(one, binding.far(one.decorators | bases), set(), one.acts_on | bases)


def _counting_bases(one, counted, always):
    """The names of the bases of a class, near and far, that may keep count of it, with its metaclass.

    Args:
        counted: {name of a class: names of the classes that may keep count of its subclasses}, which grows.
        always: whether every class may, as `__subclasses__` is asked.
    """
    bases, by_metaclass = _bases(one), "metaclass" in one.text
    above = {name for base in bases for name in counted.get(base, ())}
    counts = always or by_metaclass or "__init_subclass__" in one.text
    if len(above) < _MOST_NAMES:
        counted[one.nodes[-1].name] = above | (one.binds if counts else set())
    return above | (bases if by_metaclass else set())


def _stands_for_what_it_reads(one):
    """Whether a Statement that binds a name defines a function or a class, or gives a thing one more name."""
    values = (ast.Name, ast.Attribute, ast.Subscript, ast.Lambda)
    return one.kind == "definition" or all(isinstance(getattr(node, "value", None), values) for node in one.nodes)


def _called_on(one):
    """The name that a statement `x(...)` or `x.y(...)` begins with, as a set of one; else none."""
    found = set()
    for node in one.nodes:
        node = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
            node = node.func if isinstance(node, ast.Call) else node.value
        found |= {node.id} if isinstance(node, ast.Name) else set()
    return found


def _bases(one):
    """The names of a class's bases and of its metaclass."""
    given = [each for node in one.nodes if isinstance(node, ast.ClassDef) for each in (*node.bases, *node.keywords)]
    return {inner.id for each in given for inner in ast.walk(each) if isinstance(inner, ast.Name)}
