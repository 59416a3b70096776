"""Writes one file a country from PyPI `holidays` (MIT): rules where a rule explains the dates, else the dates themselves.

    pip install holidays==0.101 python-dateutil && python3 convert.py      (any later version too)

A line is a rule, with the part of the country before it where it holds only there, and the years where it does not hold in
all: `01-01`, `easter-2`, `orthodox+1`, `monday 1 5` (the first Monday of May), `monday -1 5` (the last), `2022-09-19`.
Dates that no rule explains (days in lieu, days that are proclaimed) are listed from 2018 to 2045.
"""
import calendar
import datetime
from collections import defaultdict

import holidays
from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter

YEARS = range(2018, 2046)
COUNTRIES = "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK US".split()
PARTS = {"AT", "CH", "DE", "ES", "GB", "US"}
ONLY = {"US": {"CA"}}
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


def candidates():
    for month in range(1, 13):
        for day in range(1, calendar.monthrange(2024, month)[1] + 1):
            yield f"{month:02}-{day:02}", lambda year, m=month, d=day: fixed(year, m, d)
    for name, method in (("easter", EASTER_WESTERN), ("orthodox", EASTER_ORTHODOX)):
        for offset in range(-60, 71):
            yield f"{name}{offset:+}", lambda year, o=offset, e=method: easter(year, e) + datetime.timedelta(o)
    for month in range(1, 13):
        for weekday in range(7):
            for nth in (1, 2, 3, 4, -1):
                yield f"{DAYS[weekday]} {nth} {month}", lambda year, m=month, w=weekday, n=nth: nth_day(year, m, w, n)


def fixed(year, month, day):
    return None if (month, day) == (2, 29) and not calendar.isleap(year) else datetime.date(year, month, day)


def nth_day(year, month, weekday, nth):
    days = [day for day in calendar.Calendar().itermonthdates(year, month) if day.month == month and day.weekday() == weekday]
    return days[nth - 1 if nth > 0 else nth]


def rules(dates, known=frozenset()):
    """Rules that name no date outside `dates`, most telling first, until those left are single ones."""
    left = set(dates) - set(known)
    found = []
    while left:
        best = None
        for order, (text, of) in enumerate(candidates()):
            hits = [year for year in YEARS if of(year) in dates]
            for first, last in runs(hits):
                new = {of(year) for year in range(first, last + 1)} & left
                if len(new) >= 4 and (best is None or len(new) > len(best[1])):
                    best = (text, new, first, last)
        if best is None:
            break
        text, new, first, last = best
        from_text = "" if first == YEARS[0] else str(first)
        until = "" if last == YEARS[-1] else str(last)
        found.append((text, f"{from_text}..{until}" if from_text or until else ""))
        left -= new
    return found + [(day.isoformat(), "") for day in sorted(left) if day.weekday() < 5]


def runs(years):
    start = None
    for year, after in zip(years, years[1:] + [None]):
        start = year if start is None else start
        if after != year + 1:
            yield start, year
            start = None


def main():
    for country in COUNTRIES:
        whole = set(holidays.country_holidays(country, years=YEARS))
        lines = [("", rule, years) for rule, years in rules(whole)]
        # A day that a part does not have is none of the country's.
        for part in sorted(getattr(holidays, country).subdivisions if country in PARTS else ()):
            if part in ONLY.get(country, {part}):
                dates = set(holidays.country_holidays(country, subdiv=part, years=YEARS))
                lines += [(part, "-" + rule, years) for rule, years in rules(whole - dates, set())]
                lines += [(part, rule, years) for rule, years in rules(dates, whole)]
        with open(f"{country}.tsv", "w") as file:
            print(f"# Made by convert.py from holidays {holidays.__version__} (MIT): do not edit.", file=file)
            for line in lines:
                print(*line, sep="\t", file=file)


main()
