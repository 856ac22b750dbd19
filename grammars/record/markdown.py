"""Turns the metric tables of Markdown pages into table lines.

    python3 markdown.py [--labels TITLE] FILE…

A table counts when its heading has a column of names (`metric name`, `name`, `metric`) and one of types (`type`,
`metric type`). Labels are the back-quoted words of the column whose heading starts with `label` (or TITLE); a word in
capitals stands for a run-time part, so the labels of such a family count as not known.
"""

import argparse
import re

import tables


def cells(line):
    line = line.strip().strip("|").replace("\\|", "\x00")
    return [cell.strip().replace("\x00", "|") for cell in line.split("|")]


def column(heading, *titles):
    for index, cell in enumerate(heading):
        if cell.lower().strip("* ") in titles:
            return index
    return None


def read(path, labels_title):
    table, heading = {}, None
    for line in open(path, encoding="utf-8"):
        if "|" not in line:
            heading = None
            continue
        row = cells(line)
        if heading is None:
            heading = row
            name_at = column(heading, "metric name", "name", "metric", "metric name(s)")
            type_at = column(heading, "metric type", "type")
            labels_at = next((i for i, cell in enumerate(heading) if cell.lower().startswith(labels_title)), None)
            continue
        if name_at is None or type_at is None or len(row) <= max(name_at, type_at):
            continue
        name = row[name_at].strip("`* ")
        kind = row[type_at].strip("`* ").lower()
        if not re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name) or kind not in tables.TYPES:
            continue
        labels = None
        if labels_at is not None and len(row) > labels_at:
            words = re.findall(r"`([^`]+)`", row[labels_at])
            if not any(re.search(r"[A-Z]{3}", word) or not re.fullmatch(r"[a-zA-Z_]\w*", word) for word in words):
                labels = sorted(set(words))
        table = tables.merge(table, {name: (kind, labels)})
    return table


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--labels", default="label")
    parser.add_argument("file", nargs="+")
    arguments = parser.parse_args()
    merged = tables.merge(*(read(path, arguments.labels) for path in arguments.file))
    print("\n".join(tables.lines(merged)))


if __name__ == "__main__":
    main()
