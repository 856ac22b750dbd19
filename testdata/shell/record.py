"""Asks the real `sh` what words command lines become, and writes the answers beside the questions.

    python3 testdata/shell/record.py

Each line of words.tsv is a command line (`@@` for a continued line) and, behind a tab, its words in angle brackets. A=1, B="x y", EMPTY is empty, C is
not set; the arguments are `one`, `two words`, `-x`.
"""
import pathlib
import subprocess

CASES = r"""
a b  c
'a b' "c d" e\ f
'' "" a
a'b'"c"d
'$A' "$A" $A \$A
"a\"b" 'a\b' "a\b" "a\\b"
$B
"$B"
p$B"q"
$EMPTY x
"$EMPTY" x
$C x
"$C" x
${A} ${A}b "${A}b"
${C:-d} ${C-d} ${EMPTY:-d} ${EMPTY-d} end
${C:-d e} "${C:-d e}"
${A:+y} ${C:+y} ${EMPTY:+y} ${EMPTY+y} ${A+y} end
${C:-$A} ${C:-${D:-deep}} ${C:-a$B}
${A:=z} ${E:=z}
${1#-} ${3#-} ${B#x} ${B%y}
$1 $2 "$2" $# ${9:-none} $9
$@
"$@"
pre"$@"post
"$*"
a#b c
a=b --c=d
{a,b}
a;:
a\
b
-m shop.worker
--bind=0.0.0.0:${PORT:-8000}
"${B}"'s'
$A$A "$A"$A
a"$EMPTY"b
""$EMPTY
""
"""


def answer(case: str) -> str:
    script = f"""unset C D E PORT; A=1; B='x y'; EMPTY=
set -- one 'two words' -x
show() {{ for word; do printf '<%s>' "$word"; done; }}
show {case}
"""
    run = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return run.stdout


def main() -> None:
    # A backslash at the end of a line goes on in the next one.
    cases = CASES.strip("\n").replace("\\\n", "\x00").split("\n")
    cases = [case.replace("\x00", "\\\n") for case in cases]
    lines = [f"{case.replace(chr(92) + chr(10), '@@')}\t{answer(case)}\n" for case in cases]
    pathlib.Path(__file__).with_name("words.tsv").write_text("".join(lines))


main()
