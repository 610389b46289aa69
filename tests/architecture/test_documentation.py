"""What the code offers, the documentation names."""

import re

from portico import cli, config
from portico.domain import payment, subscription
from portico.services import check, notice
from tests.architecture import source


def _read(name: str) -> str:
    return (source.ROOT / "docs" / name).read_text(encoding="utf-8")


def test_every_setting_is_documented_with_its_default() -> None:
    text = _read("configuration.md")
    missing = [f"PORTICO_{name.upper()}" for name in config.Settings.model_fields if f"`PORTICO_{name.upper()}`" not in text]
    assert not missing


def test_no_setting_is_documented_that_does_not_exist() -> None:
    named = set(re.findall(r"`PORTICO_([A-Z0-9_]+)`", _read("configuration.md")))
    assert named <= {name.upper() for name in config.Settings.model_fields}


def test_every_dependency_has_its_sentence() -> None:
    text = _read("dependencies.md")
    project = (source.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    names = set(re.findall(r'^  "([a-z0-9-]+)', project, flags=re.MULTILINE))
    names -= {p for p in names if p.startswith("portico")}
    assert len(names) > 30
    assert not [n for n in sorted(names) if f"**{n}**" not in text]


def test_every_command_is_documented() -> None:
    text = _read("commands.md")
    assert not [c for c in cli.command_names() if f"`portico {c}`" not in text and f"`portico {c} " not in text]


def test_every_invariant_is_documented() -> None:
    text = _read("operations.md")
    assert not [name for name in check.names() if f"`{name}`" not in text]


def test_every_failure_code_is_documented() -> None:
    text = _read("import-format.md")
    assert not [code for code in payment.FAILURE_CODES if f"`{code}`" not in text]


def test_every_mail_is_documented() -> None:
    text = _read("mails.md")
    assert not [kind for kind in notice.KINDS if f"`{kind}`" not in text]


def test_the_diagram_of_states_is_the_table() -> None:
    assert subscription.mermaid().strip() in _read("subscriptions.md")


def test_every_relative_link_in_the_documentation_leads_somewhere() -> None:
    pages = [source.ROOT / "README.md", *(source.ROOT / "docs").rglob("*.md")]
    broken = [
        f"{source.name(page)} -> {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists()
    ]
    assert not broken
