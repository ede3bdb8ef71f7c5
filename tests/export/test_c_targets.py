"""Other compilers and machines: clang, 32 bits, ARM under an emulator. Each is skipped where it is not installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export.c_models import MODELS, STRICT

import plait
from plait.export.c.text import array, number
from plait.graph.structure import flatten

MAIN = """
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include "model.h"
{arrays}
int main(void) {{
  int i;
  model_run({arguments});
{printing}
  return 0;
}}
"""


def program_text(program: plait.Program, feeds: dict[str, Any], outputs: list[np.ndarray]) -> str:
    """A main function with the inputs in it, which prints all outputs."""
    arrays: list[str] = []
    for k, node in enumerate(program.inputs):
        arrays += array(f"in{k}", np.asarray(feeds[node.name]).astype(node.dtype), node.dtype.name, "static const")
    types = {"float32": "float", "float64": "double", "int64": "int64_t", "int32": "int32_t", "bool": "uint8_t"}
    arrays += [f"static {types[o.dtype.name]} out{k}[{max(o.size, 1)}];" for k, o in enumerate(outputs)]
    printing = [f'  for (i = 0; i < {o.size}; ++i) printf("%.9g\\n", (double)out{k}[i]);' for k, o in enumerate(outputs)]
    names = [f"in{k}" for k in range(len(program.inputs))] + [f"out{k}" for k in range(len(outputs))]
    assert number(0.5, "float32") == "0.5f"
    return MAIN.format(arrays="\n".join(arrays), arguments=", ".join(names), printing="\n".join(printing))


TARGETS = {
    "clang": (["clang", "-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all"], []),
    "32 bits": (["gcc", "-m32", "-O2"], []),
    "32 bits, x87": (["gcc", "-m32", "-mfpmath=387", "-O2"], []),
    "arm": (["arm-linux-gnueabihf-gcc", "-O2", "-static"], ["qemu-arm"]),
    "arm, size": (["arm-linux-gnueabihf-gcc", "-Os", "-static", "-mcpu=cortex-a7", "-mfpu=neon-vfpv4"], ["qemu-arm"]),
}


@pytest.mark.parametrize("target", TARGETS)
def test_models_on_other_targets(target: str, tmp_path: Path) -> None:
    compiler, runner = TARGETS[target]
    for needed in (compiler[0], *runner):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed")
    (tmp_path / "probe.c").write_text("#include <stdio.h>\nint main(void) { return 0; }\n")
    if subprocess.run([*compiler, "probe.c", "-o", "probe"], cwd=tmp_path, check=False, capture_output=True).returncode != 0:
        pytest.skip(f"{' '.join(compiler)} does not link here")
    for name in ("lstm", "custom"):
        program, feeds = MODELS[name]()
        fed = {node: np.asarray(feeds[node.name]).astype(node.dtype) for node in program.inputs}
        expected = flatten(program(fed), lambda part: isinstance(part, np.ndarray))[0]
        program.to_c(tmp_path, shapes={node: a.shape for node, a in fed.items()})
        (tmp_path / "main.c").write_text(program_text(program, feeds, expected))
        done = subprocess.run(
            [*compiler, *STRICT, "model.c", "main.c", "-o", "main", "-lm"], cwd=tmp_path, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[:3000]
        printed = subprocess.run([*runner, "./main"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        found = np.array([float(line) for line in printed.split()])
        wanted = np.concatenate([o.reshape(-1).astype(float) for o in expected])
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6, err_msg=name)
