"""Locations of a data set's files, and downloads into the cache."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from plait import FormatError
from plait.datasets import _download, _images, _store
from plait.datasets._store import Source, cache_folder, locate


def idx(array: np.ndarray) -> bytes:
    return gzip.compress(struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes())


FILES = {
    "train-images-idx3-ubyte.gz": idx(np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)),
    "train-labels-idx1-ubyte.gz": idx(np.array([0, 9], np.uint8)),
    "t10k-images-idx3-ubyte.gz": idx(np.full((1, 3, 3), 255, np.uint8)),
    "t10k-labels-idx1-ubyte.gz": idx(np.array([4], np.uint8)),
}


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves FILES; below /short/ breaks off in the middle, below /wrong/ gives something else, below /pages/ a page of text."""

    def do_GET(self) -> None:
        _, folder, name = self.path.split("/")
        content = FILES.get(name)
        if content is None or folder == "absent":
            self.send_error(404)
            return
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if folder == "wrong":
            content = gzip.compress(gzip.decompress(content)[:-1] + b"\x01")
        if folder == "pages":
            content = b"<html>please log in</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if folder == "short" else content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLAIT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def source(*sites: str, system: Path | None = None) -> Source:
    sums = {name: hashlib.sha256(gzip.decompress(content)).hexdigest() for name, content in FILES.items()}
    return Source("Small set", "small", sites, system, "small-set", sums)


def site(server: http.server.ThreadingHTTPServer, folder: str) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/{folder}/"


def fill(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


NAME = "train-images-idx3-ubyte.gz"


def test_the_named_folder_comes_first_then_the_cache_then_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = fill(tmp_path / "system")
    assert locate(source(system=system), NAME) == system / NAME
    cached = fill(cache_folder() / "small")
    assert locate(source(system=system), NAME) == cached / NAME
    monkeypatch.setenv("PLAIT_DATA", str(tmp_path / "data"))
    assert locate(source(system=system), NAME) == cached / NAME
    named = fill(tmp_path / "data" / "small")
    assert locate(source(system=system), NAME) == named / NAME
    (named / NAME).rename(named / NAME.removesuffix(".gz"))
    assert locate(source(system=system), NAME) == named / NAME.removesuffix(".gz")


def test_a_download_lands_in_the_cache_and_is_not_made_twice(server: http.server.ThreadingHTTPServer) -> None:
    seen: list[tuple[int, int]] = []
    server.asked.clear()  # type: ignore[attr-defined]
    for _ in range(2):
        path = locate(source(site(server, "data")), NAME, lambda done, total: seen.append((done, total)))
        assert path == cache_folder() / "small" / NAME
        assert path.read_bytes() == FILES[NAME]
    assert server.asked == [f"/data/{NAME}"]  # type: ignore[attr-defined]
    size = len(FILES[NAME])
    assert seen == [(0, size), (size, size)]
    assert names(path.parent) == [NAME]


def test_a_file_address_will_do(tmp_path: Path) -> None:
    folder = fill(tmp_path / "mirror")
    assert locate(source(folder.as_uri() + "/"), NAME, False).read_bytes() == FILES[NAME]


@pytest.mark.parametrize("bad", ["absent", "short", "wrong", "pages"])
def test_what_is_not_right_is_not_kept_and_the_next_site_is_tried(server: http.server.ThreadingHTTPServer, bad: str) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        locate(source(site(server, bad)), NAME, False)
    expected = {"absent": "404", "short": "ended after|broke off", "wrong": "SHA-256", "pages": "SHA-256"}[bad]
    assert caught.match(expected)
    assert names(cache_folder() / "small") == []
    assert locate(source(site(server, bad), site(server, "data")), NAME, False).read_bytes() == FILES[NAME]


def test_an_interrupt_leaves_nothing_behind(server: http.server.ThreadingHTTPServer) -> None:
    def stop(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        locate(source(site(server, "data")), NAME, stop)
    assert names(cache_folder() / "small") == []


@pytest.mark.parametrize("system", [Path("/nonexistent/small"), None])
@pytest.mark.parametrize("named", [True, False])
def test_when_nothing_works_every_way_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: Path | None, named: bool) -> None:
    if named:
        monkeypatch.setenv("PLAIT_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError) as caught:
        locate(source("http://127.0.0.1:9/", system=system), NAME, False)
    text = str(caught.value)
    assert text.startswith(f"Small set: {NAME} was looked for in four ways: (1) PLAIT_DATA is ")
    assert "\n" not in text
    for part in (
        "small/" + NAME,
        str(cache_folder() / "small"),
        "small-set" if system else "no system package",
        "http://127.0.0.1:9/",
        "(4)",
    ):
        assert part in text
    assert (str(tmp_path) if named else "is not set") in text


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path, server: http.server.ThreadingHTTPServer) -> None:
    (tmp_path / "cache").write_text("a file in the way")
    with pytest.raises(FileNotFoundError, match="download failed"):
        locate(source(site(server, "data")), NAME, False)


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/plait"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "/x/plait"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/plait"),
        ("linux", {}, "/home/me/.cache/plait"),
        ("darwin", {}, "/home/me/Library/Caches/plait"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/plait/Cache"),
        ("win32", {}, "/home/me/AppData/Local/plait/Cache"),
    ],
)
def test_the_cache_is_where_the_platform_has_it(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("/home/me"))
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected)


def test_the_bar_is_tqdms_or_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    show = _download.reporter(True, "file.gz")
    for done in (0, 50, 100):
        show(done, 100)
    assert "file.gz" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "tqdm", None)
    show = _download.reporter(True, "file.gz")
    for done in (0, 1_500_000, 3_000_000):
        show(done, 3_000_000)
    assert capsys.readouterr().err == "fetching file.gz (3.0 MB)\n"
    show = _download.reporter(False, "file.gz")
    show(0, 1)
    assert capsys.readouterr().err == ""


def test_a_whole_set_from_the_network(server: http.server.ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_images, "FASHION_MNIST", source(site(server, "data")))
    data = _images.fashion_mnist(progress=False)
    assert data.train_images.dtype == np.float32
    np.testing.assert_array_equal(data.train_images, np.arange(18, dtype=np.float32).reshape(2, 9) / np.float32(255))
    np.testing.assert_array_equal(data.test_images, np.ones((1, 9)))
    assert (data.train_labels.tolist(), data.test_labels.tolist(), data.train_labels.dtype) == ([0, 9], [4], np.int64)
    assert _images.fashion_mnist(flatten=False).train_images.shape == (2, 3, 3)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("train-labels-idx1-ubyte.gz", idx(np.zeros(3, np.uint8)), "2 images.*3 labels"),
        ("train-labels-idx1-ubyte.gz", idx(np.zeros((2, 1), np.uint8)), "expected \\(n,\\)"),
        ("train-images-idx3-ubyte.gz", idx(np.zeros((2, 9), np.uint8)), "expected \\(n, rows, columns\\)"),
        ("t10k-images-idx3-ubyte.gz", FILES["t10k-images-idx3-ubyte.gz"][:-4], "not a whole gzip file"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, says: str) -> None:
    folder = fill(tmp_path / "data" / "small")
    (folder / name).write_bytes(content)
    monkeypatch.setenv("PLAIT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(_images, "MNIST", source())
    with pytest.raises(FormatError, match=says):
        _images.mnist()


def test_the_stated_sums_are_those_of_the_real_files(data_dir: Path) -> None:
    """Of the payload: these copies have been gzipped again, so their own sums differ from the site's."""
    from plait.datasets._idx import unpacked

    for real in (_images.FASHION_MNIST, _images.MNIST):
        for name, expected in real.files.items():
            path = _store.in_folder(data_dir / real.folder, name)
            if path is None:
                pytest.skip(f"{real.folder}/{name} is not in PLAIT_DATA")
            assert hashlib.sha256(unpacked(path)).hexdigest() == expected
