"""Joins table lines: `python3 join.py FILE…`. The first file's type and labels win, see tables.merge."""

import sys

import tables

merged = tables.merge(*(tables.read_lines(open(name, encoding="utf-8").read()) for name in sys.argv[1:]))
print("\n".join(tables.lines(merged)))
