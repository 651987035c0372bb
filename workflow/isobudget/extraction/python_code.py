"""A text read as Python, never run: its statements, and what each of them binds, reads and changes."""

import ast
import warnings
from functools import cached_property
from typing import NamedTuple

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# {kind of node: its fields that may hold nodes with names in them}
_NO_NAMES = {"ctx", "op", "ops", "id", "attr", "kind", "conversion", "is_async", "simple", "type_comment", "level"}
_KINDS = [kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)]
_INSIDE = {kind: tuple(field for field in kind._fields if field not in _NO_NAMES) for kind in _KINDS}

# calls that set Python up for what follows: kept though nothing reaches them
_SETTINGS = frozenset({"setrecursionlimit", "set_int_max_str_digits", "stack_size", "seed", "getcontext", "setcontext"})


def _parse(text):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a "\d" in what a model wrote is no news
            return ast.parse(text)
    except (ValueError, MemoryError, RecursionError) as error:
        # a null byte, a lone surrogate, a text too deep for the parser
        raise SyntaxError(str(error), ("<text>", 1, 1, "")) from None


class Statement(NamedTuple):
    """One statement at top level (or several that share a line), and the module's names it has to do with."""

    text: str
    nodes: tuple  # of ast, one unless they share a line
    kind: str  # definition, import, future, star, check (an assert, a print), other
    binds: set  # names that it gives a value
    reads: set  # names that it, or a function defined in it, looks up
    changes: set  # names whose attributes or items it sets or deletes
    declares: set  # names that a function defined in it declares global and gives a value
    sets_up: bool  # it calls one of _SETTINGS
    acts_on: set  # names on which it calls something, as in `Table.add(1)`, or that its decorators do
    decorators: set  # names that its decorators look up


class Code:
    """A text that is Python: its `tree`, and its Statements, read when they are asked for."""

    def __init__(self, text: str):
        """Raises SyntaxError, with the line, if the text is no Python."""
        self.text = text
        self.tree = _parse(text)
        self.found: dict = {}  # what definitions.py found out about it

    @cached_property
    def statements(self) -> list[Statement]:
        """The Statements in order; their texts are whole lines."""
        lines, last = self.text.split("\n"), 0
        found: list[Statement] = []
        for node in self.tree.body:
            first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
            text, names = "\n".join(lines[first - 1 : node.end_lineno]), _names(node)
            one = Statement(text, (node,), _kind(node), *names, _acts_on(node), _decorators(node))
            if first <= last:  # behind a semicolon
                text = "\n" * (node.end_lineno > last) + "\n".join(lines[last : node.end_lineno])
                one = _together(found.pop(), one, text)
            found.append(one)
            last = node.end_lineno
        return found

    @cached_property
    def binds(self) -> set[str]:
        """The names that statements at top level, or in an `if` or a `try` there, bind."""
        return {name for one in self.statements for name in one.binds}

    def returns(self) -> bool:
        """Whether a `return` or a `yield` stands outside every function, as in a function's bare body."""
        pending = list(self.tree.body)
        while pending:
            node = pending.pop()
            if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
                return True
            if not isinstance(node, (*_DEFINITIONS, ast.Lambda)):
                pending += ast.iter_child_nodes(node)
        return False

    def does_something(self) -> bool:
        """Whether there is more to it than names and constants, which prose can be taken for."""
        for node in self.tree.body:
            plain = isinstance(node, ast.Expr) or (isinstance(node, ast.AnnAssign) and node.value is None)
            if not plain or any(isinstance(inner, ast.Call) for inner in ast.walk(node)):
                return True
        return False


def _together(before, one, text):
    """The Statement of two that share a line; `text` is what the second adds to the first's."""
    return before._replace(
        text=before.text + text,
        nodes=before.nodes + one.nodes,
        kind=one.kind if one.kind == before.kind else "other",
        binds=before.binds | one.binds,
        reads=before.reads | one.reads,
        changes=before.changes | one.changes,
        declares=before.declares | one.declares,
        sets_up=before.sets_up or one.sets_up,
        acts_on=before.acts_on | one.acts_on,
    )


def _decorators(node):
    found = getattr(node, "decorator_list", ())
    return {inner.id for each in found for inner in ast.walk(each) if isinstance(inner, ast.Name)}


def _acts_on(node):
    """The names x of a statement `x.y.z(...)` or `setattr(x, ...)`, and of decorators like these, called or not."""
    found = set()
    calls = [node.value] if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else []
    for each in [*calls, *getattr(node, "decorator_list", ())]:
        call = each.func if isinstance(each, ast.Call) else each
        if isinstance(each, ast.Call) and each.args and getattr(call, "id", None) in ("setattr", "delattr"):
            on = each.args[0]
        elif isinstance(call, ast.Attribute):
            on = call.value
        else:
            continue
        found |= _root(on, calls=False)  # what a call in between gives is another object
    return found


def _kind(node):
    if isinstance(node, _DEFINITIONS):
        return "definition"
    if isinstance(node, ast.ImportFrom):
        return "future" if node.module == "__future__" else "star" if node.names[0].name == "*" else "import"
    if isinstance(node, ast.Import):
        return "import"
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    return "check" if isinstance(node, ast.Assert) or getattr(called, "id", None) == "print" else "other"


class _Scope:
    """Names loaded and stored in a module, a function or a comprehension."""

    __slots__ = ("outer", "loads", "stores", "of_class")

    def __init__(self, outer, of_class=False):
        self.outer, self.of_class = outer, of_class
        self.loads, self.stores = set(), set()


def _names(node) -> tuple[set, set, set, set, bool]:
    """(binds, reads, changes, declares, sets_up) of one statement at top level, with the scopes that Python has."""
    module = _Scope(None)
    scopes, pending = [], [(node, module)]
    changes, declared, sets_up = set(), [], False

    def enter(scope, of_class=False):
        # a method does not see what its class binds
        scopes.append(_Scope(scope.outer if scope.of_class else scope, of_class))
        return scopes[-1]

    while pending:
        one, scope = pending.pop()
        kind = type(one)
        if kind is ast.Name:
            if type(one.ctx) is ast.Load:
                scope.loads.add(one.id)
            elif scope is module and type(one.ctx) is ast.Del:
                changes.add(one.id)
            else:
                scope.stores.add(one.id)
            continue
        if kind is ast.Constant:
            continue
        if kind is ast.Attribute or kind is ast.Subscript:
            if scope is module and type(one.ctx) is not ast.Load:
                changes |= _root(one)
        elif kind is ast.FunctionDef or kind is ast.AsyncFunctionDef or kind is ast.Lambda:
            inner = enter(scope)
            given = one.args
            for each in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
                if each:
                    inner.stores.add(each.arg)
                    if each.annotation:
                        pending.append((each.annotation, scope))
            pending += [(each, scope) for each in (*given.defaults, *given.kw_defaults) if each]
            if kind is ast.Lambda:
                pending.append((one.body, inner))
                continue
            scope.stores.add(one.name)
            pending += [(each, scope) for each in one.decorator_list]
            if one.returns:
                pending.append((one.returns, scope))
            pending += [(each, inner) for each in one.body]
            continue
        elif kind is ast.ClassDef:
            scope.stores.add(one.name)
            inner = enter(scope, of_class=True)
            pending += [(each, scope) for each in (*one.decorator_list, *one.bases, *one.keywords)]
            pending += [(each, inner) for each in one.body]
            continue
        elif kind in _COMPREHENSIONS:
            inner = enter(scope)
            first = one.generators[0].iter
            pending.append((first, scope))
            for each in one.generators:
                pending += [(part, inner) for part in (each.target, each.iter, *each.ifs) if part is not first]
            values = (one.key, one.value) if kind is ast.DictComp else (one.elt,)
            pending += [(each, inner) for each in values]
            continue
        elif kind is ast.Global:
            module.loads.update(one.names)
            declared.append((scope, one.names))
            continue
        elif kind is ast.alias:
            scope.stores.add((one.asname or one.name).partition(".")[0])
            continue
        elif kind is ast.ExceptHandler or kind is ast.MatchAs or kind is ast.MatchStar:
            if one.name:
                scope.stores.add(one.name)
        elif kind is ast.MatchMapping and one.rest:
            scope.stores.add(one.rest)
        elif kind is ast.AugAssign and isinstance(one.target, ast.Name):
            scope.loads.add(one.target.id)
        elif kind is ast.Call and scope is module:
            sets_up = sets_up or getattr(one.func, "attr", getattr(one.func, "id", None)) in _SETTINGS
        for field in _INSIDE[kind]:  # ast.iter_child_nodes takes twice as long
            value = getattr(one, field, None)
            if type(value) is list:
                pending += [(each, scope) for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST):
                pending.append((value, scope))
    for scope in reversed(scopes):  # the innermost first
        scope.outer.loads |= scope.loads if scope.of_class else scope.loads - scope.stores
    if isinstance(node, ast.For | ast.With):
        # a loop gives its own name a value; no other statement that happens to bind it is needed for that
        targets = [node.target] if isinstance(node, ast.For) else [each.optional_vars for each in node.items]
        module.loads -= {one.id for each in targets if each for one in ast.walk(each) if isinstance(one, ast.Name)}
    declares = {name for scope, names in declared for name in names if name in scope.stores}
    return module.stores, module.loads, changes, declares, sets_up


def _root(node, calls=True):
    """The name that `a.b[c].d` begins with, as a set of one, with `calls` that of `a.b().c` too; else none."""
    while not isinstance(node, ast.Name):
        node = getattr(node, "value", None) or (getattr(node, "func", None) if calls else None)
        if node is None:
            return set()
    return {node.id}
