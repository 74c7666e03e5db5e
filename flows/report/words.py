"""Numbers as people read them: bytes, seconds, shares and intervals; a dash where there is nothing."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.records.estimate import Estimate

NOTHING = "–"
_KILO = 1000
_UNITS = ((1e3, "kB"), (1e6, "MB"), (1e9, "GB"))
_MINUTE = 60
_TEN = 10
_TINY = 1e-4


def size(count: float | None) -> str:
    """Return bytes in decimal units, as phones and shops count them."""
    if count is None:
        return NOTHING
    if count < _KILO:
        return f"{count:.0f} B"
    value, unit = next(
        (count / factor, unit) for factor, unit in _UNITS if count < _KILO * factor or unit == "GB"
    )
    return f"{figure(value)} {unit}"


def duration(seconds: float | None) -> str:
    """Return seconds as a person says them."""
    if seconds is None:
        return NOTHING
    if seconds < _MINUTE - 0.05:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes} min {rest} s"
    return f"{minutes // _MINUTE} h {minutes % _MINUTE} min"


def minutes(seconds: float) -> str:
    """Return seconds in few letters."""
    return f"{seconds:.0f} s" if seconds < _MINUTE else f"{seconds / _MINUTE:.1f} min"


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share as a percentage."""
    return NOTHING if share is None else f"{100 * share:.{digits}f} %"


def change(ratio: float | None) -> str:
    """Return a ratio as a signed change in per cent: 0.8 is −20 %."""
    if ratio is None:
        return NOTHING
    return f"{'−' if ratio < 1 else '+'}{_points(ratio)} %"


def against(ratio: float) -> str:
    """Return a ratio in words: 0.8 is `20 % below`."""
    return f"{_points(ratio)} % {'below' if ratio < 1 else 'above'}"


def figure(value: float | None, digits: int = 3) -> str:
    """Return a number with `digits` significant digits and no exponent."""
    if value is None:
        return NOTHING
    if 0 < value < _TINY:
        return f"< {_TINY:.4f}"
    text = f"{value:#.{digits}g}"
    return f"{value:,.0f}" if "e+" in text else text.rstrip(".")


def count(value: int | None) -> str:
    """Return a whole number."""
    return NOTHING if value is None else f"{value:,}"


def said(code: str) -> str:
    """Return a reason code as words."""
    return code.replace("_", " ")


def pages(first: int, last: int) -> str:
    """Return a span of pages."""
    return f"page {first}" if first == last else f"pages {first} to {last}"


def interval(measured: "Estimate | None") -> str:
    """Return a value and its interval."""
    if measured is None:
        return NOTHING
    if not measured.bounded:
        return figure(measured.value)
    low, high = measured.ends
    return f"{figure(measured.value)} ({figure(low)} to {figure(high)})"


def signed(value: float | None, digits: int = 2) -> str:
    """Return a difference with its sign."""
    return NOTHING if value is None else f"{'−' if value < 0 else '+'}{figure(abs(value), digits)}"


def tenths(value: float) -> str:
    """Return a difference in points with its sign and one decimal."""
    rounded = round(value, 1) or 0.0
    return f"{'−' if rounded < 0 else '+'}{abs(rounded):.1f}" if rounded else "0.0"


def signed_interval(measured: "Estimate | None") -> str:
    """Return a difference and its interval, each with its sign."""
    if measured is None or not measured.bounded:
        return signed(measured.value if measured else None)
    low, high = measured.ends
    return f"{signed(measured.value)} ({signed(low)} to {signed(high)})"


def shares(low: float | None, high: float | None) -> str:
    """Return an interval of shares as percentages."""
    return NOTHING if low is None or high is None else f"{100 * low:.1f} to {percent(high, 1)}"


def milliseconds(value: float | None) -> str:
    """Return a time below a second."""
    return NOTHING if value is None else f"{figure(value, 2 if value < 1 else 3)} ms"


def whole(value: float | None) -> str:
    """Return a number without decimals."""
    return NOTHING if value is None else f"{value:,.0f}"


def _points(ratio: float) -> str:
    """Return the per cent by which a ratio is off 1, with a decimal where it is small."""
    points = round(100 * abs(ratio - 1), 1)
    return f"{points:.0f}" if points >= _TEN else f"{points:.1f}"
