"""Records of sequence files: their letters are aligned, and the alignment has their names."""

from __future__ import annotations

from typing import Any


def unwrapped(value: Any) -> Any:
    """The letters of a record (of `plait.datasets.fasta`, or Biopython's Seq and SeqRecord); anything else as it is."""
    if isinstance(value, (str, bytes, list)):
        return value
    letters = getattr(value, "letters", None)
    if isinstance(letters, (str, bytes)):
        return letters
    kind = type(value).__name__
    if kind in ("SeqRecord", "MutableSeq", "Seq") and type(value).__module__.startswith("Bio."):
        return str(value.seq if kind == "SeqRecord" else value)
    return value


def name(value: Any, otherwise: str) -> str:
    """The name of a record."""
    if isinstance(value, (str, bytes, list)):
        return otherwise
    if isinstance(getattr(value, "letters", None), (str, bytes)):
        return str(getattr(value, "name", otherwise)) or otherwise
    return str(value.id) if type(value).__name__ == "SeqRecord" and getattr(value, "id", None) else otherwise


def description(value: Any) -> str:
    """The description of a record without its name."""
    if isinstance(value, (str, bytes, list)):
        return ""
    told = str(getattr(value, "description", "") or "")
    return told.removeprefix(name(value, "")).strip()
