"""Holds the scenarios of `testdata/scenarios/python` against running code.

    python3 scenarios.py [--binary PROMSIGHT] [--work FOLDER] [PAGE ...]

The files of each scenario are written to a folder, run by `record.py`, and compared with what promsight says of them, as
`oracle.py` does with packages. A scenario's own block says what promsight prints; this says whether that is true. What
is listed need not be wrong: a scenario may be about code that cannot run here (a name from the environment, a library
that is not there); read each one.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import oracle

PAGES = os.path.join(oracle.ROOT, "testdata", "scenarios", "python")


def scenarios(page):
    """`(heading, {path: text})` of a page."""
    heading, path, files, found = "", None, {}, []
    lines = iter(open(page, encoding="utf-8").read().splitlines())
    for line in lines:
        if line.startswith("```"):
            block = []
            for inner in lines:
                if inner == "```":
                    break
                block.append(inner)
            if path:
                files[path] = "\n".join(block) + "\n"
            path = None
        elif line.startswith("#"):
            found.append((heading, files))
            heading, files = line.lstrip("# "), {}
        elif line.startswith("`") and line.endswith("`") and " " not in line and len(line) > 2:
            path = line.strip("`")
    found.append((heading, files))
    return [(heading, files) for heading, files in found if files]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.path.join(oracle.ROOT, "target", "debug", "promsight"))
    parser.add_argument("--work", default=os.path.join(oracle.ROOT, "target", "oracle"))
    parser.add_argument("pages", nargs="*")
    options = parser.parse_args()
    needs = os.path.join(options.work, "client")
    if not os.path.isdir(needs):
        oracle.pip("install", "--target", needs, oracle.CLIENT)
    pages = options.pages or [os.path.join(PAGES, name) for name in sorted(os.listdir(PAGES)) if name.endswith(".md")]
    agreed = looked_at = 0
    for page in pages:
        for heading, files in scenarios(page):
            with tempfile.TemporaryDirectory() as folder:
                tree = os.path.join(folder, "tree")
                for path, text in files.items():
                    target = os.path.join(tree, path)
                    os.makedirs(os.path.dirname(target), exist_ok=True)
                    with open(target, "w", encoding="utf-8") as file:
                        file.write(text)
                project = {"name": heading, "package": "scenario", "version": "", "every": True}
                recorded = oracle.record(project, tree, needs, os.path.join(folder, "recorded.json"))
                inventory = oracle.inventory(os.path.abspath(options.binary), tree)
            verdicts, _, reasons = oracle.compare(recorded, inventory)
            lines = [f"  {word}: {line}" for word, found in verdicts.items() if word != "exact" for line in found]
            lines += [f"  unresolved: {reason}" for reason in reasons]
            lines += [f"  did not run: {name}: {reason}" for name, reason in recorded["modules"]["failed"].items()]
            looked_at += 1
            agreed += not lines
            if lines:
                print(f"{os.path.basename(page)}: {heading}", *lines, sep="\n")
    print(f"{agreed} of {looked_at} scenarios agree with running code")


if __name__ == "__main__":
    main()
