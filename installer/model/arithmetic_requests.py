#!/usr/bin/env python3
"""Writes requests whose answers are known: sums the demo model never saw in training.

As a batch, one OpenAI batch line each ({"custom_id", "method", "url", "body"}); with --canaries, one line each of
{"request": chat body without a model, "expect": answer}. The same arguments give the same file, byte for byte.

  ./arithmetic_requests.py --count 1000 --model demo-arith --out requests.jsonl
  ./arithmetic_requests.py --count 64 --canaries --out canaries.jsonl
"""

import argparse
import json
import random
import sys

import demo_tasks


def questions(seed: int, count: int):
    """Held-out sums in random order; one comes again only when all have been asked."""
    sums = demo_tasks.held_out_sums()
    rng = random.Random(seed)
    while count > 0:
        rng.shuffle(sums)
        for a, b in sums[:count]:
            yield f"{a}+{b}="
        count -= len(sums)


def count_questions(seed: int, count: int):
    """Counting: long answers of known content, for tests of streaming."""
    rng = random.Random(seed)
    for _ in range(count):
        last = rng.randint(demo_tasks.LARGEST_COUNT // 2, demo_tasks.LARGEST_COUNT)
        yield demo_tasks.count_question(1, last)


def chat_body(question: str, max_tokens: int) -> dict:
    return {"messages": [{"role": "user", "content": question}], "max_tokens": max_tokens, "temperature": 0}


def lines(options):
    draw = count_questions if options.counting else questions
    max_tokens = 300 if options.counting else 8
    for index, question in enumerate(draw(options.seed, options.count)):
        body = chat_body(question, max_tokens)
        if options.canaries:
            yield {"request": body, "expect": demo_tasks.expected_answer(question)}
        else:
            yield {"custom_id": f"request-{index:07d}", "method": "POST", "url": "/v1/chat/completions",
                   "body": {"model": options.model} | body}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, required=True, help="how many requests")
    parser.add_argument("--model", default="demo-arith", help="the model's name in each body; default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default %(default)s")
    parser.add_argument("--counting", action="store_true",
                        help="ask to count instead: answers of 140 to 290 characters")
    parser.add_argument("--canaries", action="store_true", help="write canaries instead of batch lines")
    parser.add_argument("--out", metavar="FILE", help="default: standard output")
    options = parser.parse_args()
    if options.count < 0:
        parser.error("--count is not negative")
    with open(options.out, "w", encoding="utf-8") if options.out else sys.stdout as file:
        for line in lines(options):
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
