"""Completion: the script of `concbench completion bash` in a real bash, and the message without shtab."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from concbench.cli.commands import COMMANDS
from concbench.cli.main import main
from concbench.registry import format_names, runner_names, workload_names

COMPLETE = """
source "$0"
COMP_WORDS=(concbench "$@") COMP_CWORD=$#
line=precious
before=$(compgen -v)
[[ $(complete -p concbench) =~ -F\\ ([^ ]+) ]] && "${BASH_REMATCH[1]}"
[[ $line == precious ]] || echo "line is now $line"
diff <(echo "$before") <(compgen -v) | grep -vE '^[0-9,]+[acd]|before|BASH_REMATCH|COMPREPLY|PIPESTATUS'
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""Acts like bash for `concbench WORDS<TAB>`, and prints which variables of the shell were changed."""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("shtab")
    file = tmp_path_factory.mktemp("completion") / "concbench.bash"
    with pytest.MonkeyPatch.context() as patched, file.open("w") as output:
        patched.setattr(sys, "stdout", output)
        assert main(["completion", "bash"]) == 0
    return file


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ([""], [*COMMANDS]),
        (["run", ""], workload_names()),
        (["run", "primes", "-r", ""], runner_names()),
        (["run", "primes", "--baseline", "thr"], ["threads", "thread-pool"]),
        (["run", "primes", "--max-r"], ["--max-rounds"]),
        (["run", "--rounds", "3", "pri"], ["primes"]),
        (["list", "--color", ""], ["auto", "always", "never"]),
        (["run", "primes", "-o", "kept"], ["kept.json", "kept_dir"]),
        (["run", "download", "--keep", "kept"], ["kept_dir"]),
        (["show", "kept"], ["kept.json", "kept_dir"]),
        (["advise", "app"], ["app.py"]),
        (["advise", "app.py:f", "--items", "kept.j"], ["kept.json"]),
        (["run", "primes", "--format", ""], format_names()),
        (["show", "--format", "csv"], ["csv", "csv-samples"]),
        (["run", "primes", "--algorithm", ""], ["trial", "sieve"]),
        (["run", "primes", "--size", "q"], ["quick"]),
        (["completion", ""], ["bash", "zsh", "tcsh"]),
    ],
    ids=" ".join,
)
def test_bash_completes(words: list[str], offered: list[str], script: Path, tmp_path: Path) -> None:
    """It completes commands, options, registered names, choices, files and directories."""
    for name in ("app.py", "kept.json"):
        (tmp_path / name).write_text("")
    (tmp_path / "kept_dir").mkdir()
    done = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE, str(script), *words],
        capture_output=True, text=True, timeout=30, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert sorted(done.stdout.split()) == sorted(offered), done.stderr


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_the_scripts_of_other_shells_know_the_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are not run here."""
    pytest.importorskip("shtab")
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in (*COMMANDS, *runner_names(), *workload_names()))


def test_without_shtab_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 2."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert capsys.readouterr().err == "concbench: completion needs shtab: pip install 'concbench[completion]'\n"
