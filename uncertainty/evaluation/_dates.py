"""Dates in one form: "4 July 1776", "July 4th, 1776" and "1776-07-04" are the same day."""

import re
from typing import NamedTuple

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
ISO_DATE = re.compile(r"(?<![\w.-])(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\w-])")
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
DATE = rf"""(?<![\w.,-]) (?:
      (?:the\ )? (?P<day1>{_DAY})(?:st|nd|rd|th)?\ (?:(?:day\ )?of\ )?(?P<month1>{_MONTH})
        (?: ,?\ (?:of\ )?(?P<year1>\d{{4}}))?
    | (?P<month2>{_MONTH})\ (?:the\ )?(?P<day2>{_DAY})(?:st|nd|rd|th)? (?: ,?\ (?P<year2>\d{{4}}))?
    | (?P<month3>{_MONTH}),?\ (?:of\ )?(?P<year3>\d{{4}})
    ) (?!\w|[.,:-]\d)"""


class Date(NamedTuple):
    """A date; 0 stands for a part that is not given."""

    year: int
    month: int
    day: int

    def includes(self, other: "Date") -> bool:
        """Return whether this date says all that the other one says."""
        return all(theirs in (0, ours) for ours, theirs in zip(self, other))


def date_of(match: re.Match[str]) -> Date:
    """Return the date in a match of `DATE`."""
    parts = {
        name.rstrip("123"): text
        for name, text in match.groupdict().items()
        if text and name[-1].isdigit()
    }
    month = month_number(parts["month"]) or 0
    return Date(int(parts.get("year", 0)), month, int(parts.get("day", 0)))


def spelled_out(iso_date: re.Match[str]) -> str:
    """Return "4 july 1776" for a match of `ISO_DATE`."""
    year, month, day = map(int, iso_date.groups())
    return f"{day} {_MONTHS[month - 1]} {year}"


def month_number(word: str) -> int | None:
    """Return 7 for "July" and "Jul."; None for other words."""
    start = word.lower().rstrip(".")
    for number, month in enumerate(_MONTHS, start=1):
        if (
            start == month
            or (start == month[:3] and month != "may")
            or start == "sept" == month[:4]
        ):
            return number
    return None
