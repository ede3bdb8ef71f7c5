"""The page that shows a graph and plays a Table's steps: its data, and the page itself in a browser where there is one."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plait


def classroom() -> plait.Table:
    """Two layers, each a part of the model, and a loss."""
    rng = np.random.default_rng(0)
    x, t = plait.input("x", (None, 3)), plait.input("t", (None, 2))
    with plait.scope("hidden layer"):
        h = plait.tanh(x @ plait.parameter(rng.normal(size=(3, 4)), name="W").named("W") + 0.5).named("h")
    with plait.scope("output layer"):
        y = (h @ plait.parameter(rng.normal(size=(4, 2)), name="V")).named("y")
    loss = ((y - t) ** 2).mean().named("loss")
    table = plait.Table(loss, {x: rng.normal(size=(5, 3)), t: rng.normal(size=(5, 2))})
    table.backward(loss)
    return table


def data_of(path: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


def test_the_page_holds_every_step_and_fetches_nothing(tmp_path: Path) -> None:
    table = classroom()
    path = plait.animate(table, tmp_path / "backprop.html")
    page = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(src|href|action)=|@import|url\(|<link|fetch\(|XMLHttp", page)
    data = data_of(path)
    assert [event["text"] for event in data["events"]] == [str(event) for event in table.trace()]
    assert len(data["nodes"]) == len(table.nodes)
    for event, told in zip(table.trace(), data["events"], strict=True):
        assert data["nodes"][told["node"]]["label"] == event.node.label
        if event.kind == "arrival":
            source, target, slot, dotted = data["edges"][told["edge"]]
            assert not dotted
            assert (source, slot) == (told["node"], event.input)
            assert data["nodes"][target]["label"] == event.consumer.label


def test_names_cannot_end_the_script(tmp_path: Path) -> None:
    x = plait.input("</script><b>&", (2,))
    table = plait.Table(plait.exp(x), {x: np.zeros(2)})
    path = plait.animate(table, tmp_path / "a.html", title="<i>")
    assert path.read_text(encoding="utf-8").count("</script>") == 2
    assert "<b>" not in path.read_text(encoding="utf-8")
    assert data_of(path)["nodes"][0]["label"] == "</script><b>&"


def test_misuse_is_refused(tmp_path: Path) -> None:
    x = plait.input("x", (2,))
    y = plait.exp(x)
    with pytest.raises(TypeError, match=r"animate: a Node was given, a plait\.Table was expected"):
        plait.animate(y, tmp_path / "a.html")  # type: ignore[arg-type]
    table = plait.Table(y, {x: np.zeros(2)})
    with pytest.raises(ValueError, match=r"a\.svg' is not \.html"):
        plait.animate(table, tmp_path / "a.svg")
    with pytest.raises(ValueError, match=r"step 1 of a Node: only a plait\.Table has steps"):
        plait.draw(y, tmp_path / "a.svg", step=1)
    with pytest.raises(IndexError, match="step 7 of a table of 2 steps"):
        plait.draw(table, tmp_path / "a.svg", step=7)
    with pytest.raises(TypeError, match=r"draw: step: expected a whole number, got 1\.5"):
        plait.draw(table, tmp_path / "a.svg", step=1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="draw: fold: expected a whole number, got 'encoder'"):
        plait.draw(y, tmp_path / "a.svg", fold="encoder")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="fold: -1 levels were given"):
        plait.draw(y, tmp_path / "a.svg", fold=-1)
    with pytest.raises(FileNotFoundError):
        plait.animate(table, tmp_path / "missing" / "a.html")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


def opened(browser: Any, path: Path, **options: Any) -> tuple[Any, list[str]]:
    page = browser.new_page(**options)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(path.as_uri())
    return page, wrong


def test_it_is_played_by_keys_buttons_and_clicks(browser: Any, tmp_path: Path) -> None:
    table = classroom()
    told = [str(event) for event in table.trace()]
    page, wrong = opened(browser, plait.animate(table, tmp_path / "backprop.html"), viewport={"width": 1200, "height": 800})
    now, count = page.locator("#now"), page.locator("#count")
    assert now.inner_text() == told[0]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert (now.inner_text(), count.inner_text()) == (told[1], f"2 of {len(told)}")
    page.keyboard.press("End")
    assert now.inner_text() == told[-1]
    page.keyboard.press("ArrowRight")  # there is no further step
    assert now.inner_text() == told[-1]
    page.keyboard.press("Home")
    page.keyboard.press("PageDown")
    assert now.inner_text() == told[10]
    page.select_option("#speed", "20")
    page.keyboard.press(" ")
    page.wait_for_function("document.getElementById('now').textContent === " + json.dumps(told[-1]), timeout=20_000)
    assert page.locator("#play").get_attribute("aria-pressed") == "false"
    page.locator("#slider").fill("3")
    assert now.inner_text() == told[3]
    page.locator("#on").click()
    assert now.inner_text() == told[4]
    page.locator("#list li").nth(6).click()
    assert now.inner_text() == told[6]
    arrival = next(k for k, event in enumerate(table.trace()) if event.kind == "arrival")
    page.locator("#slider").fill(str(arrival))
    assert page.locator("path.edge.backward").count() == 1
    assert page.locator("g.box.backward").count() == 1
    page.locator("#slider").fill(str(len(told) - 1))
    page.locator("g.box", has_text="loss").first.click()
    assert "seed" in page.locator("#detail").inner_text()
    assert wrong == []
    page.close()


def test_folds_open_and_close(browser: Any, tmp_path: Path) -> None:
    table = classroom()
    path = plait.draw(table.outputs, tmp_path / "graph.html", fold=0)
    page, wrong = opened(browser, path)
    closed = page.locator("g.box").count()
    page.locator("g.fold", has_text="hidden layer").click()
    assert page.locator("g.fold").count() == 1
    assert page.locator("g.box").count() > closed
    assert page.locator("g.box", has_text="hidden layer/h").count() == 1
    page.locator("g.fold").focus()
    page.keyboard.press("Enter")
    assert page.locator("g.fold").count() == 0
    assert page.locator("g.box").count() == len(table.nodes)
    page.get_by_role("button", name="Close all").click()
    assert page.locator("g.box").count() == closed
    page.locator("#find").fill("output layer/y")
    page.locator("#find").press("Enter")
    assert page.locator("g.selected", has_text="output layer/y").count() == 1
    assert wrong == []
    page.close()


def test_it_fits_a_phone_and_the_dark(browser: Any, tmp_path: Path) -> None:
    path = plait.animate(classroom(), tmp_path / "backprop.html")
    page, wrong = opened(browser, path, viewport={"width": 390, "height": 800}, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(24, 24, 27)"
    for name in ("#play", "#slider", "#on"):
        box = page.locator(name).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 800
    assert wrong == []
    page.close()


def test_an_lstm_of_fifty_steps_is_a_page(browser: Any, tmp_path: Path) -> None:
    lstm = plait.nn.LSTM(1, 4, rng=0)
    outs, _ = lstm(plait.input("xs", (None, 50, 1)))
    loss = plait.losses.mse(outs, plait.input("ts", (None, 50, 4))).named("loss")
    slopes = plait.gradient(loss, lstm.parameters())
    page, wrong = opened(browser, plait.draw([loss, *slopes], tmp_path / "lstm.html"))
    assert page.locator("g.box").count() < 60
    page.locator("g.fold", has_text=re.compile("^lstm")).click()
    assert page.locator("g.fold", has_text="lstm/step").count() == 50
    page.locator("g.fold", has_text="lstm/step 7,").or_(page.locator("g.fold[aria-label^='lstm/step 7,']")).first.click()
    assert page.locator("g.box", has_text="lstm/step 7/").count() > 5
    assert wrong == []
    page.close()
