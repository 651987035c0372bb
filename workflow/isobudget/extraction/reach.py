"""What an entry point reaches: of the statements of an answer those that it needs, and no more."""

import ast
import builtins
from typing import NamedTuple

from isobudget.extraction.definitions import defining, gives_data
from isobudget.extraction.python_code import Statement

# a program that looks names up by their text may reach any of them, or give any of them a value
_LOOKUPS = frozenset({"eval", "exec", "globals", "vars", "locals"})
_BUILTINS = frozenset(dir(builtins))


def reached(code, others, around, older, entry_point):
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
    bound = {name for one in pool for name in one.binds - hidden.get(id(one), set())}
    given = around.binds if around else set()
    for other in [*others, *([around] if around else []), *older]:
        # only what is missing comes from elsewhere: statements that stand together belong together
        more = [one for one in other.statements if not one.binds or one.binds - bound]
        if other in older:
            more = [one for one in more if one.kind in ("import", "definition") and entry_point not in one.binds]
        elif other is not around:
            hidden |= {id(one): one.binds & _not_from(one, given) for one in more}
        bound |= {name for one in more for name in one.binds - hidden.get(id(one), set())}
        pool = more + pool
    kept = _closure(pool, hidden, entry_point)
    kept.sort(key=lambda one: one.kind != "future")
    return "\n".join(one.text for one in kept) + "\n"


def _shadows(pool, entry_point):
    """{id of a Statement: builtins' names}: those that an example behind the entry point gives to its data."""
    places = [at for at, one in enumerate(pool) if entry_point in one.binds]
    behind = pool[places[-1] + 1 :] if places else []
    return {id(one): one.binds & _BUILTINS for one in behind if one.binds & _BUILTINS and gives_data(one)}


def _not_from(one, given):
    """Names that a Statement of another part of the answer does not stand for: data by a builtin's name or a given one.

    `given` are the prompt's; an import of one of them, as in `from solution import helper`, is not needed either.
    """
    if one.kind == "import":
        return given
    return given | _BUILTINS if gives_data(one) else set()


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
        self.defined = {name for name, found in self.items() if any(one.kind == "definition" for one in found)}
        self.data = {name for name, found in self.items() if all(one.kind == "other" for one in found)}
        self.data |= {name for one in pool for name in one.declares if name not in self}

    def far(self, names, follows):
        """Those names, and what the Statements read that bind one of them, if `follows` says so of the Statement."""
        seen, pending = set(names), list(names)
        while pending:
            for one in self.get(pending.pop(), ()):
                if follows(one):
                    fresh = one.reads - seen
                    seen |= fresh
                    pending += fresh
        return seen

    def counting_bases(self, one, always):
        """The bases of a class, theirs too, if one of them may keep count of its subclasses, or `always`; else none."""
        names, classes = set(), [one]
        for each in classes:
            for name in _bases(each) - names:
                names.add(name)
                classes += [base for base in self.get(name, ()) if base.kind == "definition"]
        keep_count = always or any("__init_subclass__" in each.text or "metaclass" in each.text for each in classes)
        return names if keep_count else set()


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
        if not fresh:
            everything = bool(wanted & _LOOKUPS) if everything is None else everything
            missing = wanted - binding.keys() - _BUILTINS
            missing -= {name for one in pool if id(one) in kept for name in one.declares}
            fresh = [act.statement for act in left if missing and act.may_give(missing, binding, entry_point)]
    examples = {id(act.statement) for act in acts if entry_point in act.far or not act.statement.binds}
    return [one for one in pool if id(one) in kept or (everything and id(one) not in examples)]


def _acts(pool, binding):
    """The _Acts among the Statements of a pool."""
    counted = any("__subclasses__" in one.text for one in pool)
    for one in pool:
        if one.kind in ("other", "check"):
            far, on = binding.far(one.reads, _stands_for_what_it_reads), _called_on(one)
            made_of = binding.far(on, lambda each: each.kind in ("definition", "other")) if on else set()
            yield _Act(one, far, made_of, one.acts_on)
        elif one.kind == "definition":
            # a decorator may enter what it decorates in a table, a class its subclasses
            bases = binding.counting_bases(one, counted) if isinstance(one.nodes[-1], ast.ClassDef) else set()
            if one.decorators or bases:
                far = binding.far(one.decorators | bases, _stands_for_what_it_reads)
                yield _Act(one, far, set(), one.acts_on | bases)


def _stands_for_what_it_reads(one):
    """Whether to follow a Statement that binds a name: it defines a function or class, or another name for a thing."""
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
