#!/usr/bin/env python3
"""Every text of the tray app is translated, and its sources hold none in Chinese; every attempt of
the sandbox's probe has words.

words.py --lupdate PATH: reads the sources anew and compares them with the .ts files of the tree.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUI = ROOT / "client-gui"
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def messages(path):
    """(context, source) -> (translations, finished)"""
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            forms = [form.text or "" for form in translation.iter("numerusform")]
            key = (context.find("name").text, message.find("source").text)
            found[key] = (forms or [translation.text or ""], "type" not in translation.attrib)
    return found


def stale(lupdate, name, options):
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / name
        shutil.copy(GUI / "i18n" / name, copy)
        subprocess.run([lupdate, "-silent", "-I", ROOT, "-locations", "none", "-no-obsolete", *options, GUI,
                        "-ts", copy], check=True, stderr=subprocess.DEVNULL)
        fresh = messages(copy)
    old = messages(GUI / "i18n" / name)
    yield from (f"{name}: no longer used: {key}" for key in old.keys() - fresh.keys())
    for (context, source), (forms, finished) in fresh.items():
        if not finished or not all(forms):
            yield f"{name}: not translated: {context}: {source}"
        for form in forms:
            if sorted(re.findall(r"%[1-9]|%n|%p", source)) != sorted(re.findall(r"%[1-9]|%n|%p", form)):
                yield f"{name}: other place markers: {context}: {source}: {form}"


def nameless_attempts():
    names = re.compile(r'"((?:devices|files|inherited|kernel|limits|network|privileges|processes)_\w+)"')
    words = (GUI / "models" / "sandbox_wording.cpp").read_text(encoding="utf-8")
    for path in (ROOT / "client-core" / "platform" / "probe").glob("*_attempts.cpp"):
        for name in names.findall(path.read_text(encoding="utf-8")):
            if f'"{name}"' not in words:
                yield f"sandbox_wording.cpp: no words for {name}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lupdate", required=True)
    lupdate = parser.parse_args().lupdate
    found = [*stale(lupdate, "gleaner_zh_CN.ts", []), *stale(lupdate, "gleaner_en.ts", ["-pluralonly"]),
             *nameless_attempts()]
    for path in [*GUI.rglob("*.cpp"), *GUI.rglob("*.h")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if CHINESE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: Chinese text belongs into i18n/")
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
