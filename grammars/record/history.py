"""Names that releases of an exporter dropped: the material for a table's `gone` block.

    python3 history.py GIT_DIRECTORY TAG_REGEX (fixture|markdown|go) PATH…

Reads the paths at every matching tag, in the order of its numbers (of those in the regex's group, if it has one), and
prints `NAME - TAG` for each name that some release has and the last one has not, with the first release without it.
`go` needs GO_DECLARATIONS, the built reader beside this file. A person then puts the replacement in from the changelog,
and leaves out what a scrape of the last release still shows: a name can come to be put together at run time.
"""

import os
import re
import subprocess
import sys
import tempfile

import markdown
import tables


def git(directory, *arguments):
    return subprocess.run(["git", f"--git-dir={directory}", *arguments], capture_output=True, check=False).stdout


def version(pattern, tag):
    found = re.fullmatch(pattern, tag)
    text = found.group(1) if found.groups() else tag
    return [int(number) for number in re.findall(r"\d+", text)]


def names(directory, tag, kind, paths):
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            archive = git(directory, "archive", tag, "--", path)
            if archive:
                subprocess.run(["tar", "x", "-C", folder], input=archive, check=False, stderr=subprocess.DEVNULL)
        if kind == "go":
            reader = [os.environ["GO_DECLARATIONS"], folder]
            return set(tables.read_lines(subprocess.run(reader, capture_output=True, text=True).stdout))
        found = set()
        for root, _, files in os.walk(folder):
            for file in files:
                full = os.path.join(root, file)
                if kind == "markdown" and file.endswith(".md"):
                    found |= set(markdown.read(full, "label"))
                    with open(full, encoding="utf-8") as page:
                        found |= set(re.findall(r"(?m)^\|\s*`?(\w+_\w+)`?\s*\|", page.read()))
                if kind == "fixture":
                    with open(full, encoding="utf-8", errors="replace") as text:
                        found |= set(re.findall(r"(?m)^# TYPE (\S+) ", text.read()))
        return found


def main():
    directory, pattern, kind, *paths = sys.argv[1:]
    tags = [tag for tag in git(directory, "tag").decode().split() if re.fullmatch(pattern, tag)]
    tags.sort(key=lambda tag: version(pattern, tag))
    last_seen, known = {}, []
    for index, tag in enumerate(tags):
        found = names(directory, tag, kind, paths)
        known.append(found)
        for name in found:
            last_seen[name] = index
    for name, index in sorted(last_seen.items()):
        if index + 1 < len(tags):
            print(name, "-", tags[index + 1])


if __name__ == "__main__":
    main()
