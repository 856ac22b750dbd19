"""Puts table lines into a catalogue or library file, in place of the block that is there.

    python3 exposition.py … | python3 write.py FILE [--only REGEX] [--except REGEX] [--add]

The head of the file, its comments and its other keys stay as they are. `--only` keeps the names that match from their
start, `--except` leaves out those that match; `--add` joins the lines with those in the file instead of replacing
them. Only families that a recorded name stands for are written: nothing is invented here.
"""

import argparse
import re
import sys

import tables


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--only", default="")
    parser.add_argument("--except", dest="leave_out")
    parser.add_argument("--add", action="store_true")
    arguments = parser.parse_args()
    table = tables.read_lines(sys.stdin.read())
    table = {
        name: entry
        for name, entry in table.items()
        if re.match(arguments.only, name) and not (arguments.leave_out and re.match(arguments.leave_out, name))
    }
    with open(arguments.file, encoding="utf-8") as file:
        text = file.read()
    found = re.search(r"(?m)^metrics: \|\n((?:  .*\n|\n)*)", text)
    if not found:
        sys.exit(f"{arguments.file}: no `metrics: |` block")
    if arguments.add:
        table = tables.merge(tables.read_lines(found.group(1)), table)
    block = "".join(f"  {line}\n" for line in tables.lines(table))
    text = text[: found.start(1)] + block + text[found.end(1) :]
    with open(arguments.file, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"{arguments.file}: {len(table)} families", file=sys.stderr)


if __name__ == "__main__":
    main()
