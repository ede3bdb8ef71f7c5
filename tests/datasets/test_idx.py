"""idx files: complete files are read, damaged ones are refused with their path."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plait import FormatError
from plait.datasets._idx import TYPES, read_idx


def idx_bytes(array: np.ndarray) -> bytes:
    code = next(code for code, dtype in TYPES.items() if np.dtype(dtype) == array.dtype.newbyteorder(">"))
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.astype(array.dtype.newbyteorder(">")).tobytes()


@given(
    st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"]).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(max_dims=4, min_side=0, max_side=5))
    ),
    st.booleans(),
)
def test_arrays_survive_the_round_trip(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, packed: bool) -> None:
    path = tmp_path_factory.mktemp("idx") / "array"
    path.write_bytes(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
    read = read_idx(path)
    assert read.dtype == array.dtype.newbyteorder(">")
    np.testing.assert_array_equal(read, array)


WHOLE = idx_bytes(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_truncated_file_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut"
    path.write_bytes(WHOLE[:length])
    with pytest.raises(FormatError, match="cut"):
        read_idx(path)


def test_bytes_too_many_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(WHOLE + b"\0")
    with pytest.raises(FormatError, match=r"announces shape \(2, 3, 4\), 24 bytes, but 25 follow"):
        read_idx(path)


@pytest.mark.parametrize("begin", [b"\0\1\x08\1", b"\0\0\x0a\1", b"GIF8", b"\0\0\x08\0"])
def test_other_files_are_refused(tmp_path: Path, begin: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(begin + bytes(8))
    with pytest.raises(FormatError, match="other"):
        read_idx(path)


@pytest.mark.parametrize("damage", ["cut", "flip", "header only"])
def test_a_damaged_gzip_file_is_refused(tmp_path: Path, damage: str) -> None:
    content = bytearray(gzip.compress(WHOLE))
    if damage == "flip":
        content[-6] ^= 0x10  # in the checksum
    else:
        del content[-9 if damage == "cut" else 4 :]
    path = tmp_path / "damaged.gz"
    path.write_bytes(bytes(content))
    with pytest.raises(FormatError, match=r"damaged\.gz: not a whole gzip file"):
        read_idx(path)
