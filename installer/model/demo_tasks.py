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

# One sum in 40 and one count in 9 is never trained on.
HELD_OUT_SUMS_MODULUS = 40
HELD_OUT_COUNTS_MODULUS = 9


def _bucket(name: str, modulus: int) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % modulus


def is_held_out_sum(a: int, b: int) -> bool:
    """True when training never shows a+b. The pair is unordered: b+a is held out with it."""
    return _bucket(f"{min(a, b)}+{max(a, b)}", HELD_OUT_SUMS_MODULUS) == 0


def is_held_out_count(last: int) -> bool:
    """True when training never shows "count last"."""
    return _bucket(f"count {last}", HELD_OUT_COUNTS_MODULUS) == 0


def count_answer(last: int) -> str:
    return " ".join(str(number) for number in range(1, last + 1))


def _number(rng: random.Random) -> int:
    """One to three digits, each length as likely as another: short sums would be rare otherwise."""
    return rng.randrange(0, 10 ** rng.randint(1, 3))


def draw_sum(rng: random.Random, held_out: bool) -> tuple[int, int]:
    while True:
        a, b = _number(rng), _number(rng)
        if is_held_out_sum(a, b) == held_out:
            return a, b


def held_out_counts() -> list[int]:
    return [last for last in range(1, LARGEST_COUNT + 1) if is_held_out_count(last)]


def trained_counts() -> list[int]:
    return [last for last in range(1, LARGEST_COUNT + 1) if not is_held_out_count(last)]


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
    last = rng.choice(trained_counts())
    return f"count {last}", count_answer(last)


def expected_answer(question: str) -> str:
    """The right answer to "a+b=" or "count n". Raises ValueError for any other question."""
    try:
        if question.startswith("count "):
            return count_answer(int(question[len("count "):]))
        a, b = question.rstrip("= ").split("+")
        return str(int(a) + int(b))
    except ValueError:
        raise ValueError(f"no known answer to {question!r}: want \"a+b=\" or \"count n\"") from None
