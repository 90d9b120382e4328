"""Functions that stand on a page, for tests that compare them with other libraries."""

import ast
from pathlib import Path

import nbformat

CHAPTERS = Path(__file__).parents[2] / "chapters"


def on_the_page(page: str, scope: dict, *names: str) -> dict:
    """``scope`` with the functions of these names, from the code that the page shows."""
    path = CHAPTERS / page
    cells = nbformat.read(path, as_version=4).cells
    trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    found = [
        node
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in names
    ]
    assert sorted(node.name for node in found) == sorted(names)
    exec(compile(ast.Module(found, type_ignores=[]), str(path), "exec"), scope)
    return scope
