"""Sixteen posteriors with reference draws, by defaults alone: ELBO, means, sds, linear response, k-hat."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import posteriors

from plait.infer import Posterior, bbvi

NAMES = posteriors.NAMES
REGRESSIONS = posteriors.NAMES[:10]


@cache
def fitted(folder: Path, name: str, family: str) -> tuple[Posterior, dict[str, Any], Any]:
    file = posteriors.load(folder, name)
    function, latents, columns = posteriors.pose(name, file["data"])
    return bbvi(function, latents, family=family, progress=False, rng=0), file, columns


@pytest.fixture(scope="module")
def folder(data_dir: Path) -> Path:
    found = data_dir / "posteriordb"
    if not found.is_dir():
        pytest.skip("posteriordb is not in PLAIT_DATA")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_mean_field(folder: Path, name: str) -> None:
    p, file, columns = fitted(folder, name, "mean_field")
    floor = json.loads((folder / "mf_optimum.json").read_text())[name]
    assert p.converged
    assert p.elbo == pytest.approx(floor["elbo"] + posteriors.HALVES.get(name, 0) * math.log(2), abs=0.1)
    drawn = columns(p.sample(20_000, rng=1))
    off = np.abs(drawn.mean(0) - file["ref_mean"]) / file["ref_sd"]
    assert off.max() < 0.1 + floor["err_mean_max"]


@pytest.mark.parametrize("name", NAMES)
def test_linear_response(folder: Path, name: str) -> None:
    p, file, columns = fitted(folder, name, "mean_field")
    spread = np.sqrt(np.diag(p.covariance("linear_response")))
    if name.startswith("eight_schools"):  # its other parameters are functions of ours
        assert p.std("mu", correction="linear_response") == pytest.approx(file["ref_sd"][8], rel=0.1)
        return
    order: dict[str, np.ndarray] = {}
    at = 0
    for n in p.names:
        shape = np.shape(p.mean(n))
        order[n] = np.arange(at, at + math.prod(shape)).reshape((1, *shape))
        at += math.prod(shape)
    found = spread[columns(order)[0].astype(int)]
    np.testing.assert_allclose(np.log(found), np.log(file["ref_sd"]), atol=0.1)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_full_rank(folder: Path, name: str) -> None:
    p, file, columns = fitted(folder, name, "full_rank")
    assert p.converged
    drawn = columns(p.sample(20_000, rng=1))
    limit = 0.15 if "mesquite" in name else 0.1
    np.testing.assert_allclose(np.log(drawn.std(0)), np.log(file["ref_sd"]), atol=limit)
    assert (np.abs(drawn.mean(0) - file["ref_mean"]) / file["ref_sd"]).max() < 0.1
    mean_field = fitted(folder, name, "mean_field")[0]
    assert p.elbo > mean_field.elbo - 0.01
    assert p.khat < mean_field.khat + 0.2


def test_khat_flags_where_mean_field_is_wrong(folder: Path) -> None:
    uncentred = [n for n in REGRESSIONS if n not in ("kidiq_with_mom_work-kidscore_interaction_c",)]
    khats = {n: fitted(folder, n, "mean_field")[0].khat for n in uncentred}
    assert sum(k > 0.5 for k in khats.values()) >= len(uncentred) - 1, khats
