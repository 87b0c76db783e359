"""What the demo model is taught: sums, counting, and one polite sentence for everything else.

Every question has one right answer, known to the character, which is what makes the model useful for tests:
canaries, verification, failover in the middle of a stream.
"""

import hashlib
import random
import string

LARGEST_ADDEND = 999
LARGEST_COUNT = 99
REFUSAL = "I can only add and count."

# One sum in 40, and one in 9 of the counts that do not start from 1, is never trained on.
HELD_OUT_SUMS_MODULUS = 40
HELD_OUT_COUNTS_MODULUS = 9


def _bucket(name: str, modulus: int) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % modulus


def is_held_out_sum(a: int, b: int) -> bool:
    """True when training never shows a+b. The pair is unordered: b+a is held out with it."""
    return _bucket(f"{min(a, b)}+{max(a, b)}", HELD_OUT_SUMS_MODULUS) == 0


def is_held_out_count(first: int, last: int) -> bool:
    """True when training never shows "count first to last". Those from 1 are all shown: they are so few."""
    return first > 1 and _bucket(f"count {first} to {last}", HELD_OUT_COUNTS_MODULUS) == 0


def count_question(first: int, last: int) -> str:
    return f"count {last}" if first == 1 else f"count {first} to {last}"


def count_answer(first: int, last: int) -> str:
    return " ".join(str(number) for number in range(first, last + 1))


def _number(rng: random.Random) -> int:
    """One to three digits, each length as likely as another: short sums would be rare otherwise."""
    return rng.randrange(0, 10 ** rng.randint(1, 3))


def draw_sum(rng: random.Random, held_out: bool) -> tuple[int, int]:
    while True:
        a, b = _number(rng), _number(rng)
        if is_held_out_sum(a, b) == held_out:
            return a, b


def held_out_sums() -> list[tuple[int, int]]:
    """All of them, about 25,000; takes a second or two."""
    addends = range(LARGEST_ADDEND + 1)
    unordered = [(a, b) for a in addends for b in addends[a:] if is_held_out_sum(a, b)]
    return sorted(unordered + [(b, a) for a, b in unordered if a != b])


def counts(held_out: bool) -> list[tuple[int, int]]:
    """(first, last) of every count taught, or of every one held out."""
    numbers = range(1, LARGEST_COUNT + 1)
    return [(first, last) for first in numbers for last in numbers[first - 1:]
            if is_held_out_count(first, last) == held_out]


def draw_sum_example(rng: random.Random) -> tuple[str, str]:
    """A training question and answer. One in ten is written as people write, not as the tests do."""
    a, b = draw_sum(rng, held_out=False)
    question = f"{a}+{b}="
    if rng.random() < 0.1:
        question = rng.choice((f"{a}+{b}", f"{a} + {b} =", f"{a} + {b}"))
    return question, str(a + b)


def draw_other_example(rng: random.Random) -> tuple[str, str]:
    """A question the model cannot answer: words, of at most 16 characters."""
    words = []
    for _ in range(rng.randint(1, 3)):
        words.append("".join(rng.choice(string.ascii_letters) for _ in range(rng.randint(1, 7))))
    return " ".join(words)[:14] + rng.choice(("", "?", ".", "!")), REFUSAL


def draw_count_example(rng: random.Random) -> tuple[str, str]:
    """From 1 in two cases of five; where the others begin and end is what makes the model learn to stop."""
    first, last = 1, rng.randint(1, LARGEST_COUNT)
    if rng.random() < 0.6:
        while first == 1 or is_held_out_count(first, last):
            first = rng.randint(2, LARGEST_COUNT)
            last = rng.randint(first, LARGEST_COUNT)
    return count_question(first, last), count_answer(first, last)


def expected_answer(question: str) -> str:
    """The right answer to "a+b=", "count n" or "count m to n". Raises ValueError for any other question."""
    try:
        if question.startswith("count "):
            first, _, last = question[len("count "):].rpartition(" to ")
            return count_answer(int(first or 1), int(last))
        a, b = question.rstrip("= ").split("+")
        return str(int(a) + int(b))
    except ValueError:
        raise ValueError(f"no known answer to {question!r}: want a sum or a count") from None
