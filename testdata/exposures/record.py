"""Runs each program of this folder and records what it answers: `python record.py > answers.json`.

A program's line `# ask: PORT PATH…` says what it is asked. Redirects are followed, as Prometheus does. Needs the packages that
the programs import; they listen on loopback.
"""

import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

FOLDER = pathlib.Path(__file__).parent


def asked(text):
    port = None
    for word in re.search(r"^# ask: (.*)$", text, re.MULTILINE).group(1).split():
        if word.startswith("/"):
            yield port, word
        else:
            port = int(word)


def ask(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            status, body = answer.status, answer.read().decode(errors="replace")
            content_type = answer.headers.get("Content-Type")
            # A page to log in at is no answer.
            where = answer.url.split(str(port), 1)[1]
            moved = where if where.rstrip("/") != path.rstrip("/") else None
    except urllib.error.HTTPError as error:
        where = error.url.split(str(port), 1)[1]
        moved = where if where.rstrip("/") != path.rstrip("/") else None
        status, body, content_type = error.code, "", None
    except OSError:
        return {"port": port, "path": path, "status": None, "moved": None, "content_type": None, "families": []}
    families = sorted(set(re.findall(r"^# TYPE (\S+) ", body, re.MULTILINE)))
    families = [name for name in families if not name.startswith(("python_", "process_")) and not name.endswith("_created")]
    return {"port": port, "path": path, "status": status, "moved": moved, "content_type": content_type, "families": families}


def record(program):
    questions = list(asked(program.read_text()))
    process = subprocess.Popen(
        [sys.executable, program], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/", text=True
    )
    try:
        for _ in range(100):
            if any(ask(*question)["status"] for question in questions) or process.poll() is not None:
                break
            time.sleep(0.1)
        return [ask(*question) for question in questions]
    finally:
        process.kill()
        _, complaints = process.communicate()
        if not any(ask(*question)["status"] for question in questions) and process.returncode not in (-9, 0):
            print(program.name, complaints[-500:], file=sys.stderr)


def main():
    answers = {}
    for program in sorted(FOLDER.glob("*.py")):
        if program.name != "record.py":
            answers[program.stem] = record(program)
    print(json.dumps(answers, indent=1))


main()
