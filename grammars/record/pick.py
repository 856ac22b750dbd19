"""Picks family lines out of any text with a regular expression: for sources that keep names in tables of their own.

    python3 pick.py [--prefix TEXT] [--type WORD] REGEX FILE…

REGEX is matched line by line (`re.search`); its groups `name`, `type` and `labels` are taken. `--type` stands in where
the text has no type.
"""

import argparse
import re

import tables


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prefix", default="")
    parser.add_argument("--type", default="untyped")
    parser.add_argument("regex")
    parser.add_argument("file", nargs="+")
    arguments = parser.parse_args()
    table = {}
    for path in arguments.file:
        for line in open(path, encoding="utf-8"):
            found = re.search(arguments.regex, line)
            if not found:
                continue
            groups = found.groupdict()
            labels = groups.get("labels")
            if labels is not None:
                labels = sorted(set(re.findall(r"\w+", labels)))
            kind = (groups.get("type") or arguments.type).lower()
            table = tables.merge(table, {arguments.prefix + groups["name"]: (kind, labels)})
    print("\n".join(tables.lines(table)))


if __name__ == "__main__":
    main()
