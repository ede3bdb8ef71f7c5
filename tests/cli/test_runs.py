"""The commands that train, from end to end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from plait import cli, datasets

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

Capture = pytest.CaptureFixture[str]


def check_page(path: Path) -> str:
    """The page's text; the page must be self-contained."""
    page = path.read_text(encoding="utf-8")
    assert "http:" not in page
    assert "https:" not in page
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", page)
    assert page.count("<section") == page.count("</section>")
    return page


def test_the_demo(tmp_path: Path) -> None:
    """As a user would, in a process of its own, without a network."""
    target = tmp_path / "report.html"
    environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "plait", "demo", "--out", str(target), "--json"]
    began = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    print(f"plait demo: {time.monotonic() - began:.1f} s")
    result = json.loads(done.stdout)
    assert result["report"] == str(target)
    assert done.stderr.startswith("epoch 1/300, ")  # progress: no bar without a terminal
    assert done.stderr.count("\n") < 60
    assert any(line.startswith("epoch 300/300, ") for line in done.stderr.splitlines())
    assert result["elbo"] > result["elbo_before"] + 10
    assert result["loss"][-1] < result["loss"][0]
    assert len(result["loss"]) == len(result["validation"]) == len(result["epoch_seconds"]) == result["epochs"]
    page = check_page(target)
    for title in (
        "Result",
        "Loss",
        "Reconstructions",
        "Samples",
        "Latent map",
        "Graph",
        "Program",
        "Generated series",
        "Alignment",
        "Nearest gestures",
        "Histogram",
        "Quantiles",
        "Eight schools",
        "A forecast",
    ):
        assert f"<h3>{title}</h3>" in page
    assert page.count("data:image/png;base64,") >= 9  # more with each module that shows a picture
    assert result["sequence_error"] < 0.1
    assert result["gesture_accuracy"] > 0.8
    assert "waits for 2" in page
    assert "parameter" in page


def test_the_demo_says_where_its_page_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo", "--epochs", "1", "--quiet"]) == 0
    shown = capsys.readouterr()
    assert f"report: {tmp_path / 'report.html'}\n" in shown.out
    assert shown.err == ""
    check_page(tmp_path / "report.html")


def test_the_same_seed_gives_the_same_run(tmp_path: Path, capsys: Capture) -> None:
    runs = []
    for seed, threads in ((1, 1), (1, 2), (2, 2)):
        arguments = [
            "--out",
            str(tmp_path / "r.html"),
            "--epochs",
            "2",
            "--json",
            "--quiet",
            "--seed",
            str(seed),
            "--threads",
            str(threads),
        ]
        assert cli.main(["demo", *arguments]) == 0
        runs.append(json.loads(capsys.readouterr().out)["loss"])
    assert runs[0] == runs[1] != runs[2]


def test_vae_leaves_a_report_and_a_checkpoint_and_goes_on_from_it(tmp_path: Path, capsys: Capture) -> None:
    def run(*arguments: str) -> list[float]:
        command = ["vae", "--data", "digits", "--hidden", "16", "--latent", "2", "--json", "--quiet", *arguments]
        assert cli.main(command) == 0
        losses: list[float] = json.loads(capsys.readouterr().out)["loss"]
        return losses

    whole = run("--epochs", "3", "--out", str(tmp_path / "whole"))
    run("--epochs", "2", "--out", str(tmp_path / "parts"))
    assert run("--epochs", "3", "--out", str(tmp_path / "parts"), "--resume") == whole
    assert sorted(p.name for p in (tmp_path / "parts").iterdir()) == ["report.html", "vae.ckpt"]
    check_page(tmp_path / "parts" / "report.html")


def test_a_damaged_checkpoint_is_one_line(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "vae.ckpt").write_bytes(b"nothing of the kind")
    assert cli.main(["vae", "--data", "digits", "--epochs", "2", "--out", str(tmp_path), "--resume", "--quiet"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("plait: FormatError: ")
    assert error.count("\n") == 1


def test_missing_data_are_one_line_that_names_every_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.delenv("PLAIT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = datasets._images.MNIST._replace(sites=("http://127.0.0.1:9/",))
    monkeypatch.setattr(datasets._images, "MNIST", source)
    assert cli.main(["mnist", "--quiet"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("plait: FileNotFoundError: MNIST: ")
    assert "(4)" in error
    assert error.count("\n") == 1


def test_the_spiral_is_learned(tmp_path: Path, capsys: Capture) -> None:
    assert cli.main(["spiral", "--json", "--quiet", "--out", str(tmp_path)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["layers"] == "2-100-3"
    assert result["accuracy"] > 0.9
    assert "<h2>Decision regions</h2>" in check_page(tmp_path / "report.html")


def test_a_series_is_gone_on_with(tmp_path: Path, capsys: Capture) -> None:
    arguments = ["--json", "--quiet", "--seed", "3"]
    assert cli.main(["lstm", *arguments, "--out", str(tmp_path)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["layers"] == "2-15-2"
    assert result["error"] < 0.1
    assert np.shape(result["generated"]) == (100, 2)
    page = check_page(tmp_path / "report.html")
    for title in ("Result", "Generated series", "Loss", "Graph"):
        assert f"<h2>{title}</h2>" in page
    assert "lstm.weight_h" in page
    assert "waits for 3" in page
    assert cli.main(["lstm", *arguments]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["generated"], again["report"]) == (result["generated"], None)


def test_plain_gradient_descent_learns_the_series_too(capsys: Capture) -> None:
    assert cli.main(["lstm", "--sgd", "--rate", "0.5", "--epochs", "400", "--json", "--quiet"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["error"] < 0.3


def test_digits_are_told_apart(tmp_path: Path, capsys: Capture) -> None:
    arguments = ["--data", "digits", "--epochs", "20", "--hidden", "64", "--json", "--quiet"]
    assert cli.main(["mnist", *arguments, "--out", str(tmp_path)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["layers"] == "64-64-10"
    assert result["accuracy"] > 0.93
    assert "<h2>Confusion</h2>" in check_page(tmp_path / "report.html")
    assert cli.main(["mnist", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["report"] is None


def test_mnist_itself(data_file: Callable[[str], Path], capsys: Capture) -> None:
    data_file("mnist")
    assert cli.main(["mnist", "--json", "--quiet", "--epochs", "1"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["layers"] == "784-256-128-10"
    assert result["accuracy"] > 0.93
    assert np.isfinite(result["loss"]).all()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_stops_a_run_with_130(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "plait", "demo", "--epochs", "1000000", "--out", str(tmp_path / "r.html")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        assert process.stderr.read(5) != ""  # the first sign of progress
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(30) == 130
    assert rest.endswith("plait: interrupted\n")
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []
