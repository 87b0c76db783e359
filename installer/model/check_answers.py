#!/usr/bin/env python3
"""Checks the output file of a batch against the requests it came from.

Every request must be answered once, in the order of the requests, and at least --min-right of the answers must be
right; otherwise the exit status is 1. Both files are read line by line: memory does not grow with them.

  ./check_answers.py --requests requests.jsonl --output output.jsonl
"""

import argparse
import itertools
import json
import sys

import demo_tasks

SHOWN_FAULTS = 10


def answer_of(line: dict):
    """(text, None), or (None, what went wrong)."""
    if line.get("error"):
        return None, f"error {line['error']}"
    response = line.get("response") or {}
    if response.get("status_code") != 200:
        return None, f"status {response.get('status_code')}"
    try:
        return response["body"]["choices"][0]["message"]["content"], None
    except (KeyError, IndexError, TypeError):
        return None, "no message in the response"


def read(path):
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            try:
                yield json.loads(text)
            except json.JSONDecodeError as error:
                sys.exit(f"{path}:{number}: not JSON: {error}")


def compare(requests, outputs):
    """Yields (kind, message) for each pair of lines; kind is right, wrong, failed, order, missing or extra."""
    for request, output in itertools.zip_longest(requests, outputs):
        if request is None:
            yield "extra", f"answer {output.get('custom_id')!r} to no request"
            continue
        name = request["custom_id"]
        if output is None:
            yield "missing", f"{name}: no answer"
            continue
        if output.get("custom_id") != name:
            yield "order", f"{name}: answer {output.get('custom_id')!r} stands in its place"
            continue
        question = request["body"]["messages"][-1]["content"]
        expected = demo_tasks.expected_answer(question)
        answer, fault = answer_of(output)
        if fault:
            yield "failed", f"{name}: {fault}"
        elif answer.strip() == expected:
            yield "right", ""
        else:
            yield "wrong", f"{name}: {question} gave {answer!r}, not {expected!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", required=True, metavar="FILE", help="what arithmetic_requests.py wrote")
    parser.add_argument("--output", required=True, metavar="FILE", help="the batch's output file")
    parser.add_argument("--min-right", type=float, default=0.95, help="default %(default)s")
    options = parser.parse_args()

    totals = dict.fromkeys(("right", "wrong", "failed", "order", "missing", "extra"), 0)
    shown = 0
    for kind, message in compare(read(options.requests), read(options.output)):
        totals[kind] += 1
        if kind != "right" and shown < SHOWN_FAULTS:
            shown += 1
            print(message, file=sys.stderr)
    print(" ".join(f"{kind} {count}" for kind, count in totals.items()))
    asked = sum(totals.values()) - totals["extra"]
    complete = totals["order"] == totals["missing"] == totals["extra"] == 0
    return 0 if complete and totals["right"] >= options.min_right * asked else 1


if __name__ == "__main__":
    sys.exit(main())
