"""The rules of the house. Fewer rules, kept, beat many."""

import ast
import re
import subprocess
import sys

import pytest

from tests.architecture import source

MODULES = source.modules()


def test_imports_only_point_down() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"],
        cwd=source.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_longer_than_400_lines() -> None:
    long = {source.name(p): n for p in MODULES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long


def test_no_function_is_longer_than_60_lines() -> None:
    long = {f"{source.name(p)}:{f.name}": n for p in MODULES for f in source.functions(p) if (n := (f.end_lineno or 0) - f.lineno + 1) > 60}
    assert not long


def test_no_import_inside_a_function() -> None:
    found = [
        f"{source.name(p)}:{inner.lineno}"
        for p in MODULES
        for f in source.functions(p)
        for inner in ast.walk(f)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not found


# Where the outside world enters. Everything else is given the moment and the random bytes.
CLOCK_AND_CHANCE = re.compile(
    r"(^|\.)(datetime\.now|datetime\.utcnow|datetime\.today|date\.today|time\.time|time\.time_ns|uuid[1-8]|token_bytes|token_urlsafe|token_hex|urandom"
    r"|randint|randrange|random\.random|random\.choice|random\.uniform|random\.shuffle)$"
)


def test_clock_and_chance_enter_in_one_place() -> None:
    found = [
        f"{source.name(p)}:{line} {call}"
        for p in MODULES
        if source.name(p) != "portico/app.py"
        for line, call in source.calls(p)
        if CLOCK_AND_CHANCE.search(call)
    ]
    assert not found


# `round()` is half-even and `float` is not exact: neither may come near an amount.
@pytest.mark.parametrize("layer", ["domain", "storage", "services"])
def test_no_float_near_money(layer: str) -> None:
    found: list[str] = []
    for path in MODULES:
        if path.relative_to(source.PACKAGE).parts[0] != layer:
            continue
        for node in ast.walk(source.tree(path)):
            is_float_literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            is_float_name = isinstance(node, ast.Name) and node.id in {"float", "round"}
            if is_float_literal or is_float_name:
                found.append(f"{source.name(path)}:{node.lineno}")
    assert not found


# Statements are written with SQLAlchemy's constructors or as text; both are storage's alone.
def test_sql_lives_in_storage() -> None:
    found = [
        f"{source.name(p)}: {match.group()}"
        for p in MODULES
        if p.relative_to(source.PACKAGE).parts[0] != "storage"
        for match in re.finditer(
            r"\b(sa\.(select|insert|update|delete|text)\(|exec_driver_sql|SELECT .+ FROM |INSERT INTO |UPDATE \w+ SET |DELETE FROM )",
            p.read_text(encoding="utf-8"),
        )
    ]
    assert not found


def test_templates_never_switch_escaping_off() -> None:
    templates = [p for p in source.PACKAGE.rglob("*") if p.suffix in {".html", ".j2"}]
    assert templates
    found = [source.name(p) for p in templates if re.search(r"\|\s*safe\b|autoescape\s+false", p.read_text(encoding="utf-8"))]
    assert not found


def test_pages_carry_no_inline_script_or_style() -> None:
    found = [
        f"{source.name(p)}: {match.group()}"
        for p in (source.PACKAGE / "web" / "templates").rglob("*.html")
        for match in re.finditer(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", p.read_text(encoding="utf-8"))
    ]
    assert not found


def test_a_name_means_one_thing() -> None:
    """No Manager, Helper, Utils or Base: such names say nothing about what lives there."""
    vague = re.compile(r"(Manager|Helper|Utils?|Base)$|^(helpers|utils|misc|common)$")
    found = [source.name(p) for p in MODULES if vague.search(p.stem)]
    found += [
        f"{source.name(p)}:{node.name}"
        for p in MODULES
        for node in ast.walk(source.tree(p))
        if isinstance(node, ast.ClassDef) and vague.search(node.name)
    ]
    assert not found


def test_the_repository_speaks_of_the_project_alone() -> None:
    """No path of a machine and no lock file with addresses."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=source.ROOT, capture_output=True, text=True, check=True).stdout
    files = [source.ROOT / f for f in listed.split("\0") if f and f != "tests/architecture/test_house.py"]
    assert not [f.name for f in files if f.name == "uv" + ".lock"]
    pattern = re.compile(r"/(wor" + r"k|roo" + r"t|far" + r"m)/")
    found = []
    for file in files:
        if file.is_file() and file.suffix in {".py", ".md", ".toml", ".lock", ".html", ".css", ".js", ".txt", ".j2", ".json", ""}:
            found += [f"{source.name(file)}: {m.group()}" for m in pattern.finditer(file.read_text(encoding="utf-8", errors="replace"))]
    assert not found
