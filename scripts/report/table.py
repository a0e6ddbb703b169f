"""Values of tables: as CSV has them, and whether two are the same but for rounding."""

import csv
import math

# What a page loses of a half width in rounding, and of a value: more, where it has many cells.
HALF_WIDTH_ROUNDING = 0.051
FEW_CELLS = 5000


def value_rounding(count):
    return 0.00051 if count <= FEW_CELLS else 0.0051


def read(path):
    """Rows of a CSV table."""
    with open(path, newline="") as table:
        return [{key: value_of(text) for key, text in row.items()} for row in csv.DictReader(table)]


def value_of(text):
    if text in {"", "true", "false"}:
        return {"": None, "true": True, "false": False}[text]
    try:
        return float(text)
    except ValueError:
        return text


def is_near(one, other, rounding):
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=rounding, abs_tol=1e-12)
    return one == other
