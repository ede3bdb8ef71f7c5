"""Write the type stub of the compiled module: ``make_stubs.py MODULE_FILE FOLDER``.

Classes that call themselves ``plait.X`` are bound in ``_core``; for the stub they must be defined there, not imported from the package
that imports them from here.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pybind11_stubgen


def load(path: Path) -> ModuleType:
    """Import one extension module by its file, without the package around it."""
    name = path.name.split(".")[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: not an extension module of this Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def adopt_classes(module: ModuleType, package: ModuleType) -> None:
    """Set `__module__` of every class bound in `module` and its submodules; `package` gets it under the name used in signatures."""
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and value.__module__.split(".")[0] == "plait":
            setattr(package, name, value)
            value.__module__ = module.__name__
        elif isinstance(value, ModuleType) and value.__name__.startswith(module.__name__ + "."):
            adopt_classes(value, package)


def annotated(bare: re.Match[str]) -> str:
    """A signature without types (of vectorcall methods), with `Any` for each parameter, all positional."""
    parameters = [
        part
        if part in {"self", "/", "*"} or ":" in part
        else re.sub(r"^(\*{0,2}\w+)(?: = )?", lambda m: f"{m[1]}: typing.Any" + " = " * m[0].endswith("= "), part)
        for part in bare[2].split(", ")
    ]
    if not any(part.startswith(("/", "*")) for part in parameters):
        parameters.append("/")
    return f"{bare[1]}({', '.join(parameters)}) -> typing.Any:"


def tightened(stub: str) -> str:
    """A stub that passes `mypy --strict`: the generator leaves containers and bare arguments without types, and names of the package as they are."""
    stub = re.sub(r"^import plait\n|^__all__.*?\]\n", "", stub, flags=re.MULTILINE | re.DOTALL)  # the module has no __all__
    stub = re.sub(r"\bplait\.(?=[A-Z])", "", stub)
    stub = re.sub(
        r"(?<=-> )(list|set|frozenset)(?=:|$)|(?<=: )(list|set|frozenset)(?=[,) =])", r"\g<0>[typing.Any]", stub, flags=re.MULTILINE
    )
    stub = re.sub(r"(?<=-> )dict(?=:|$)|(?<=: )dict(?=[,) =])", "dict[typing.Any, typing.Any]", stub, flags=re.MULTILINE)
    stub = re.sub(r"(?<=-> )tuple(?=:|$)|(?<=: )tuple(?=[,) =])", "tuple[typing.Any, ...]", stub, flags=re.MULTILINE)
    stub = re.sub(r"\*args(?=[,)])", "*args: typing.Any", stub)
    stub = re.sub(r"\*\*kwargs(?=\))", "**kwargs: typing.Any", stub)
    stub = re.sub(r"(def __call__\(self, .*\)):", r"\1 -> typing.Any:", stub)
    stub = re.sub(r"^(\s*def \w+)\(([^()]*)\):$", annotated, stub, flags=re.MULTILINE)
    if "plait.graph.events.Event" in stub:  # made in Python
        stub = stub.replace("plait.graph.events.Event", "Event").replace("import plait.graph.events\n", "")
        stub = stub.replace("import typing\n", "import typing\nfrom plait.graph.events import Event\n", 1)
    # Comparisons of nodes give nodes.
    return re.sub(r"(def __(?:eq|ne)__\(.*-> (?!bool).*:)$", r"\1  # type: ignore[override]", stub, flags=re.MULTILINE)


def main(module_file: str, folder: str, *options: str) -> None:
    """Write ``_core.pyi``, or a folder ``_core`` of stubs where modules are submodules; ``--exit-code`` makes a doubtful signature an error."""
    module = load(Path(module_file))
    # The generator imports what signatures name, ``plait.Node``: a bare module in the package's place, which would bind every class anew.
    sys.modules["plait"] = ModuleType("plait")
    adopt_classes(module, sys.modules["plait"])
    sys.modules["plait.graph"], events = ModuleType("plait.graph"), ModuleType("plait.graph.events")
    sys.modules["plait.graph.events"] = events
    events.__dict__["Event"] = type("Event", (), {"__module__": "plait.graph.events"})  # made in Python
    pybind11_stubgen.main([module.__name__, "--output-dir", folder, *options])
    for path in [Path(folder) / f"{module.__name__}.pyi", *(Path(folder) / module.__name__).rglob("*.pyi")]:
        if path.exists():
            path.write_text(tightened(path.read_text()))


if __name__ == "__main__":
    main(*sys.argv[1:])
