"""Turns scraped expositions into table lines.

    python3 exposition.py [--drop-label NAME]... FILE_OR_ADDRESS...

A file or `http://127.0.0.1:…` address each; more than one are joined. Table lines are printed.
"""

import argparse
import urllib.request

import tables


def read(source):
    if source.startswith("http"):
        with urllib.request.urlopen(source, timeout=30) as answer:
            return answer.read().decode()
    with open(source, encoding="utf-8") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--drop-label", action="append", default=[])
    parser.add_argument("source", nargs="+")
    arguments = parser.parse_args()
    merged = tables.merge(*(tables.read_exposition(read(source)) for source in arguments.source))
    for name, (kind, labels) in merged.items():
        if labels is not None:
            merged[name] = (kind, [label for label in labels if label not in arguments.drop_label])
    print("\n".join(tables.lines(merged)))


if __name__ == "__main__":
    main()
