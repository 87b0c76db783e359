#!/usr/bin/env python3
"""The house style as a test: what a compiler does not check and a reviewer should not have to.

Run in a clone: tests/tidy/tidy.py. Prints one line for each finding; exit status 1 if there is any.
"""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINES_MAX = 400

# A folder may include what it names and what that names. Everybody else's headers are not its business.
ARROWS = {
    "shared/util": [],
    "shared/model": ["shared/util"],
    "shared/async": ["shared/util"],
    "shared/config": ["shared/util"],
    "shared/proto": ["shared/util"],
    "shared/artefact": ["shared/model", "shared/util"],
    "shared/tls": ["shared/model", "shared/util"],
    "coordinator/core": ["shared/model", "shared/util"],
    "coordinator/ledger": ["shared/model", "shared/util"],
    "coordinator/documents": ["coordinator/ledger", "shared/model", "shared/util"],
    "coordinator/openai": ["shared/model", "shared/util"],
    "coordinator/vault": ["shared/tls", "shared/util"],
    "coordinator/store": ["coordinator/ledger", "shared/artefact", "shared/model", "shared/util"],
    "coordinator/runtime": ["coordinator/core", "coordinator/openai", "coordinator/store", "shared"],
    "coordinator/gateway": ["coordinator/core", "coordinator/runtime", "coordinator/store", "shared"],
    "coordinator/api": ["coordinator/core", "coordinator/documents", "coordinator/ledger",
                        "coordinator/openai", "coordinator/runtime", "coordinator/store",
                        "coordinator/vault", "shared"],
    "coordinator": ["coordinator", "shared"],
    "client-core/core": ["shared/model", "shared/util"],
    "client-core/platform": ["client-core/core", "shared"],
    "client-core/control": ["client-core/core", "shared"],
    "client-core/engine": ["client-core/platform", "shared"],
    "client-core/bench": ["client-core/platform", "shared"],
    "client-core/cache": ["client-core/core", "shared"],
    "client-core/api": ["shared"],
    "client-core/runtime": ["client-core/api", "client-core/bench", "client-core/cache", "client-core/control",
                            "client-core/core", "client-core/engine", "client-core/platform",
                            "shared"],
    "client-core/cli": ["client-core/api", "client-core/control", "client-core/core", "shared"],
    "client-core": ["client-core", "shared"],
    "client-gui/client": ["shared/proto"],
    "client-gui/models": ["client-gui/client"],
    "client-gui/os": [],
    "client-gui/views": ["client-gui/client", "client-gui/models", "client-gui/os"],
    "client-gui/tray": ["client-gui/client", "client-gui/models", "client-gui/os", "client-gui/views"],
    "client-gui": ["client-gui"],
    "tests": ["tests", "shared", "coordinator", "client-core", "client-gui"],
}

# (what, where it may stand, what to use instead)
BANNED = [
    (r"system_clock::now|steady_clock::now", r"shared/util/clock|client-core/platform/|tests/",
     "take a Clock (shared/util/clock.h)"),
    (r"\brand\(|random_device|std::mt19937", r"tests/", "take a Random (shared/util/random.h)"),
    (r"this_thread::sleep", r"client-core/cli/(gleanerctl|setup)_main\.cpp|tests/", "wait for what you need"),
    (r"\bgetenv\(", r"tests/", "use shared/config's process_environment()"),
    (r"\bdetached\b", r"shared/async/", "spawn into a TaskGroup (shared/async/task_group.h)"),
    (r"#include <(sqlite3\.h)", r"coordinator/store/sqlite/|tests/unit/coordinator/store/|tests/bench/", "speak through coordinator/store/store.h"),
    (r"#include <archive", r"(tests/unit/)?shared/artefact/", "use shared/artefact"),
    (r"#include <toml", r"shared/config/", "declare an option (shared/config/option.h)"),
    (r"#include <(thread|mutex|random|filesystem|iostream)>", r"(?!(coordinator|client-core)/core/|coordinator/ledger/)",
     "core decides; it does no I/O"),
    # g++ 12 destroys such a temporary twice.
    (r"co_await\b[^;=]*(\b[A-Z]\w*\{[^}]|[(,]\s*\[[^\]]*\w[^\]]*\]\s*[({])", r"$^", "name it first, then std::move it"),
    (r"\b(TODO|FIXME|HACK)\b", r"$^", "do it, or write it in docs/known-issues.md"),
]
BAD_NAMES = re.compile(r"(^|/)(utils?|helpers?|common|misc)\.(h|cpp)$")


def area(path):
    parts = path.split("/")
    if parts[0] == "tests":
        return "tests"
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def may_include(source, header):
    if area(source) == area(header):
        return True
    return any(header.startswith(folder + "/") for folder in ARROWS.get(area(source), []))


def findings_in(path, text):
    lines = text.splitlines()
    if BAD_NAMES.search(path):
        yield 1, "name the file after the noun that it defines"
    if len(lines) > LINES_MAX:
        yield len(lines), f"{len(lines)} lines: split it (at most {LINES_MAX})"
    for number, line in enumerate(lines, 1):
        included = re.match(r'#include "([^"]+)"', line)
        if included and not included[1].endswith(".pb.h") and not may_include(path, included[1]):
            yield number, f"{area(path)} must not include {included[1]}"
        code = line.split("//")[0]
        for pattern, where, instead in BANNED:
            if re.search(pattern, code) and not re.match(where, path):
                yield number, f"`{re.search(pattern, code)[0].strip()}`: {instead}"


def main():
    listed = subprocess.run(["git", "ls-files", "*.h", "*.cpp"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split()
    sources = [path for path in listed if (ROOT / path).exists()]
    found = []
    for path in sources:
        for number, what in findings_in(path, (ROOT / path).read_text(encoding="utf-8")):
            found.append(f"{path}:{number}: {what}")
    formatter = shutil.which("clang-format-14") or "clang-format"
    formatted = subprocess.run([formatter, "--dry-run", "--Werror", *sources], cwd=ROOT,
                               capture_output=True, text=True, check=False)
    found += [line for line in formatted.stderr.splitlines() if " error: " in line]
    print(*found, sep="\n")
    print(f"{len(sources)} files, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
