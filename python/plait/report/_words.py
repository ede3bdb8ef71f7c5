"""Numbers and times as readable text, and code with highlighted syntax."""

from __future__ import annotations

import html
import io
import keyword
import math
import tokenize

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def people_number(value: float, digits: int = 4) -> str:
    """A number to that many digits, with commas between thousands, a true minus, and a power of ten where there would be many zeros."""
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or size >= 12:
        mantissa = f"{value / 10.0**size:.{digits - 1}g}" if size > -300 else f"{value:.{digits - 1}e}".partition("e")[0]
        return f"{mantissa} × 10{str(size).translate(SUPERSCRIPTS)}".replace("-", "−")
    places = max(digits - 1 - size, 0)
    text = f"{value:,.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def seconds_text(seconds: float) -> str:
    """A time in the unit that fits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{people_number(float(f'{seconds / size:.2g}') if seconds < 10 * size else seconds / size, 3)} {unit}"
    return f"{people_number(seconds / 1e-9, 3)} ns"


def code_html(code: str) -> str:
    """Python as HTML with highlighted syntax; code that cannot be tokenised is only escaped."""
    marks = {
        tokenize.STRING: ("<span class=s>", "</span>"),
        tokenize.NUMBER: ("<span class=n>", "</span>"),
        tokenize.COMMENT: ("<i>", "</i>"),
    }
    lines = code.splitlines(keepends=True)
    out: list[str] = []
    row, column = 1, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type in (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
                continue
            while row < token.start[0]:
                out.append(html.escape(lines[row - 1][column:]))
                row, column = row + 1, 0
            out.append(html.escape(lines[row - 1][column : token.start[1]]))
            word = token.type == tokenize.NAME and keyword.iskeyword(token.string)
            before, after = ("<b>", "</b>") if word else marks.get(token.type, ("", ""))
            out.append(before + html.escape(token.string) + after)
            row, column = token.end
    except (tokenize.TokenError, SyntaxError, IndexError):
        return html.escape(code)
    out += [html.escape(line[column:] if k == 0 else line) for k, line in enumerate(lines[row - 1 :])]
    return "".join(out)
