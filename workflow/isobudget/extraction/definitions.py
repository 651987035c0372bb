"""How well what binds an entry point defines it: a function with its body does, what shows it off does not."""

import ast
import re

from isobudget.extraction.python_code import Code, Statement

# from the best to the worst
WHOLE = "whole"  # a function or a class with a body, or another name for one that is there
BORROWED = "borrowed"  # an import, or what a call returned
STUB = "stub"  # no body: a docstring, `pass`, `...`, NotImplementedError
STANDINGS = (WHOLE, BORROWED, STUB)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
# comments that stand for what is left out, and for what is to be written
_LEFT_OUT = re.compile(
    r"^[ \t]+#[ ]*[(\[]?(?:\.\.\.|…|(?:(?:the )?(?:rest|remainder) of (?:the|your) \w+|same as (?:above|before)"
    r"|(?:existing|previous|original) (?:code|implementation|logic)(?: here)?)[)\].… ]*$)",
    re.IGNORECASE | re.MULTILINE,
)
_TO_WRITE = re.compile(r"#.*\b(?:TODO|your (?:code|implementation|solution|logic)|implement)\b", re.IGNORECASE)


def standing(code: Code, name: str) -> str | None:
    """The best of STANDINGS among what binds a name at top level, in an `if` or a `try` too; None if nothing does.

    What only uses the name defines nothing: a result, as in `add = add(2, 3)`, a list, the target of a loop.
    """
    if name not in code.text:
        return None
    if ("standing", name) not in code.found:
        code.found["standing", name] = _best(_of(node, code, name) for node in code.tree.body)
    return code.found["standing", name]


def leaves_out(code: Code, name: str) -> bool:
    """Whether what defines a name as a WHOLE is an excerpt, or a template that returns a constant."""
    found = [node for node in code.tree.body if isinstance(node, DEFINITIONS) and node.name == name]
    return bool(found) and all(_is_part(node, code) for node in found)


def defining(code: Code, name: str) -> list[Statement]:
    """The Statements of a Code, where it defines a name as a WHOLE without those that would hide that again."""
    binding = [one for one in code.statements if name in one.binds]
    if len(binding) == 1 or standing(code, name) != WHOLE:
        return list(code.statements)
    parts = leaves_out(code, name)
    hiding = {id(one) for one in binding if not any(_adds(node, code, name, parts) for node in one.nodes)}
    return [one for one in code.statements if id(one) not in hiding]


def gives_data(statement: Statement) -> bool:
    """Whether the values that a Statement binds are no functions, as far as one sees."""
    for node in statement.nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            called = {id(each.func) for each in ast.walk(node.value) if isinstance(each, ast.Call)}
            given = {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name) and id(each) not in called}
            # `max = partial(max, key=len)`, but `sum = sum([1, 2])`
            if given & statement.binds or isinstance(node.value, ast.Lambda | ast.Name | ast.Attribute):
                return False
    return statement.kind in ("other", "check")


def is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether all that the definition of a function, or of a class with methods, holds stands for a body to come."""
    if isinstance(node, ast.ClassDef):
        methods = [inner for inner in node.body if isinstance(inner, _FUNCTIONS)]
        return bool(methods) and all(_is_no_body(inner) or (inner in methods and is_stub(inner)) for inner in node.body)
    # the function that singledispatch falls back on does what it should
    dispatches = any("singledispatch" in ast.dump(each) for each in node.decorator_list)
    return all(map(_is_no_body, node.body)) and not dispatches


def _is_no_body(node):
    if isinstance(node, ast.Raise) and node.exc:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return getattr(raised, "id", None) in ("NotImplementedError", "NotImplemented")
    aside = isinstance(node, ast.Pass | ast.Import | ast.ImportFrom)  # HumanEval/115 has an import in its prompt's
    return aside or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _best(found):
    found = set(found)
    return next((each for each in STANDINGS if each in found), None)


def _of(node, code, name):
    """One of STANDINGS, or None, for one statement."""
    if isinstance(node, DEFINITIONS):
        return None if node.name != name else STUB if is_stub(node) else WHOLE
    if isinstance(node, ast.Import | ast.ImportFrom):
        return BORROWED if any((each.asname or each.name) == name for each in node.names) else None
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return _of_value(node.value, code, name) if node.value and name in _names_in(*targets) else None
    if isinstance(node, ast.If | ast.Try | ast.With | ast.ExceptHandler):
        fields = ("body", "orelse", "finalbody", "handlers")
        return _best(_of(each, code, name) for field in fields for each in getattr(node, field, ()))
    return None


def _of_value(value, code, name):
    if isinstance(value, ast.Lambda):
        return WHOLE
    calls = [each for each in ast.walk(value) if isinstance(each, ast.Call)]
    if any(getattr(each.func, "id", None) == name and (each.args or each.keywords) for each in calls):
        return None  # a result
    if isinstance(value, ast.Name | ast.Attribute) and _names_in(value) & _local(code, name):
        return WHOLE
    functions = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.IfExp, ast.BoolOp, ast.Tuple)
    return BORROWED if isinstance(value, functions) else None


def _adds(node, code, name, parts):
    """Whether a statement that binds a name belongs to its definition: as a WHOLE, or made of it or of what is there.

    With `parts`, what leaves something out does as well: there is nothing better.
    """
    found = _of(node, code, name)
    if found == WHOLE:
        return parts or not isinstance(node, DEFINITIONS) or not _is_part(node, code)
    made = isinstance(node, ast.Assign) and _names_in(node.value) & {name, *_local(code, name)}
    return found == BORROWED and bool(made)


def _local(code, name):
    """The functions and classes, and other names for such, that a Code binds beside the name."""
    if "functions" not in code.found:
        others = [one for one in code.statements if one.kind == "other" and not gives_data(one)]
        ours = [*others, *(one for one in code.statements if one.kind == "definition")]
        code.found["functions"] = {each for one in ours for each in one.binds}
    return code.found["functions"] - {name}


def _names_in(*nodes):
    return {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)}


def _is_part(node, code):
    """Whether a definition leaves out a part of its body, or returns a constant in place of one."""
    text = "\n".join(code.text.split("\n")[node.lineno - 1 : node.end_lineno])
    if _LEFT_OUT.search(text):
        return True
    blocks = (body for each in ast.walk(node) if isinstance(body := getattr(each, "body", None), list))
    if "..." in text and any(map(_has_dots, blocks)):
        return True
    body = [inner for inner in node.body if not _is_no_body(inner)]
    returned = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else node
    constant = returned is None or isinstance(returned, ast.Constant | ast.List | ast.Dict | ast.Tuple)
    return constant and bool(_TO_WRITE.search(text))


def _has_dots(block):
    """Whether `...` stands in a block of statements beside others, a docstring aside, or for a value."""
    dots = [one for one in block if isinstance(getattr(one, "value", None), ast.Constant) and one.value.value is ...]
    others = [one for one in block if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    return bool(dots) and bool(others)
