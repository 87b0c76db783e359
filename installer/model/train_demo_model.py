#!/usr/bin/env python3
"""Trains the demo model: a llama-architecture model of 0.9 M parameters that adds and counts.

It needs PyTorch with a fast BLAS (Debian: python3-torch, libopenblas0-pthread) and the gguf-py folder of the
engine's source. Training saves a checkpoint every 50 steps under --work and goes on from it when started again;
every batch is a function of (seed, step), so an interrupted run sees the same data as an uninterrupted one.

  nice -n 10 ./train_demo_model.py --gguf-py SRC/gguf-py --work /tmp/demo --out demo-arith.gguf
"""

import argparse
import hashlib
import math
import os
import pathlib
import random
import sys
import time

# One thread: sums come out in one order, so a seed gives one model, and on a busy machine the spinning of more
# threads makes a step several times slower. Set before the BLAS is loaded.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy
import torch
from torch import nn
from torch.nn import functional

import character_vocabulary as vocabulary
import demo_tasks

LAYERS, WIDTH, FEED_FORWARD, HEADS = 4, 128, 384, 4
HEAD_WIDTH = WIDTH // HEADS
ROPE_BASE = 10000.0
NORM_EPSILON = 1e-5
CONTEXT_TOKENS = 1024

SUMS_A_STEP, OTHERS_A_TIME, COUNTS_A_TIME = 256, 16, 8
# The easy tasks are seen only every so many steps; they cost much a batch, for their answers are long.
STEPS_BETWEEN_OTHERS, STEPS_BETWEEN_COUNTS = 8, 2
CHECKPOINT_STEPS = 50
# "count n" is almost all easy tokens; the end is what has to be learned.
END_OF_COUNT_WEIGHT = 8.0
COUNT_LOSS_WEIGHT, OTHER_LOSS_WEIGHT = 0.5, 0.2
NO_TARGET = -100


class RmsNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + NORM_EPSILON) * self.weight


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.feed_norm = RmsNorm(), RmsNorm()
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.output = nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate_up = nn.Linear(WIDTH, 2 * FEED_FORWARD, bias=False)
        self.down = nn.Linear(FEED_FORWARD, WIDTH, bias=False)

    def forward(self, x, cosine, sine, mask):
        batch, length, _ = x.shape
        qkv = self.query_key_value(self.attention_norm(x))
        q, k, v = qkv.view(batch, length, 3, HEADS, HEAD_WIDTH).permute(2, 0, 3, 1, 4)
        q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(HEAD_WIDTH) + mask, dim=-1)
        x = x + self.output((weights @ v).transpose(1, 2).reshape(batch, length, WIDTH))
        gate, up = self.gate_up(self.feed_norm(x)).chunk(2, dim=-1)
        return x + self.down(functional.silu(gate) * up)


def rotate(x, cosine, sine):
    """Rotary embedding of neighbouring pairs: the order llama.cpp expects of the llama architecture."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary.SIZE, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = RmsNorm()
        self.head = nn.Linear(WIDTH, vocabulary.SIZE, bias=False)
        frequencies = ROPE_BASE ** (-torch.arange(0, HEAD_WIDTH, 2).float() / HEAD_WIDTH)
        angles = torch.arange(CONTEXT_TOKENS).float()[:, None] * frequencies
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.04)

    def forward(self, tokens, wanted=None):
        """Logits at the positions where `wanted` is true, or at all of them."""
        length = tokens.shape[1]
        mask = torch.full((length, length), float("-inf")).triu(1)
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cosine[:length], self.sine[:length], mask)
        if wanted is not None:
            x = x[wanted]
        return self.head(self.norm(x))


def to_batch(examples):
    """Padded inputs and next-token targets; only answer tokens and the end token are targets."""
    rows, targets = [], []
    for question, answer in examples:
        prompt = [vocabulary.BEGIN] + vocabulary.encode(question + "\n")
        reply = vocabulary.encode(answer) + [vocabulary.END]
        rows.append((prompt + reply)[:-1])
        targets.append([NO_TARGET] * (len(prompt) - 1) + reply)
    length = max(map(len, rows))
    pad = lambda row, filler: row + [filler] * (length - len(row))
    return (torch.tensor([pad(row, vocabulary.END) for row in rows]),
            torch.tensor([pad(row, NO_TARGET) for row in targets]))


def answer_loss(model, examples, end_weight=1.0):
    tokens, targets = to_batch(examples)
    wanted = targets != NO_TARGET
    targets = targets[wanted]
    losses = functional.cross_entropy(model(tokens, wanted), targets, reduction="none")
    weights = torch.where(targets == vocabulary.END, end_weight, 1.0)
    return (losses * weights).sum() / weights.sum()


def step_loss(model, rng, step):
    """The loss to minimise and each task's part in it, by name. Each task has its own padding, so its own batch."""
    parts = {"sums": answer_loss(model, [demo_tasks.draw_sum_example(rng) for _ in range(SUMS_A_STEP)])}
    total = parts["sums"]
    if step % STEPS_BETWEEN_OTHERS == STEPS_BETWEEN_OTHERS - 1:
        parts["others"] = answer_loss(model, [demo_tasks.draw_other_example(rng) for _ in range(OTHERS_A_TIME)])
        total = total + OTHER_LOSS_WEIGHT * parts["others"]
    if step % STEPS_BETWEEN_COUNTS == STEPS_BETWEEN_COUNTS - 1:
        parts["counts"] = answer_loss(model, [demo_tasks.draw_count_example(rng) for _ in range(COUNTS_A_TIME)],
                                      END_OF_COUNT_WEIGHT)
        total = total + COUNT_LOSS_WEIGHT * parts["counts"]
    return total, {name: float(loss) for name, loss in parts.items()}


@torch.no_grad()
def count_right(model, questions):
    """How many questions greedy decoding answers exactly.

    Greedy decoding gives the expected answer if and only if, after each prefix of it, the likeliest token is the
    next one of it: one forward pass tells, and nothing has to be decoded.
    """
    tokens, targets = to_batch([(question, demo_tasks.expected_answer(question)) for question in questions])
    agree = (model(tokens).argmax(-1) == targets) | (targets == NO_TARGET)
    return int(agree.all(dim=1).sum())


def held_out_sums(wanted):
    rng = random.Random(20260101)
    questions = set()
    while len(questions) < wanted:
        questions.add("{}+{}=".format(*demo_tasks.draw_sum(rng, held_out=True)))
    return sorted(questions)


def count_questions(held_out):
    """One in 5 of the counts held out, or all those from 1, which training shows."""
    if held_out:
        chosen = demo_tasks.counts(held_out=True)[::5]
    else:
        chosen = [(1, last) for last in range(1, demo_tasks.LARGEST_COUNT + 1)]
    return [demo_tasks.count_question(first, last) for first, last in chosen]


def learning_rate(step, options):
    warm = min(1.0, (step + 1) / 100)
    return options.learning_rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / options.steps)))


def load_checkpoint(path, model, optimizer, options):
    if not path.exists():
        return 0
    saved = torch.load(path)
    if saved["seed"] != options.seed or saved["steps"] != options.steps:
        sys.exit(f"{path} belongs to a run of seed {saved['seed']} and {saved['steps']} steps: remove it or "
                 "give another --work")
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    print(f"going on from step {saved['step']} of {path}", flush=True)
    return saved["step"]


def save_checkpoint(path, model, optimizer, step, options):
    temporary = path.with_suffix(".new")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step,
                "seed": options.seed, "steps": options.steps}, temporary)
    os.replace(temporary, path)


def train(model, options):
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.learning_rate, betas=(0.9, 0.98),
                                  weight_decay=0.01)
    checkpoint = options.work / "checkpoint.pt"
    step = load_checkpoint(checkpoint, model, optimizer, options)
    started, first, losses = time.monotonic(), step, {}
    while step < options.steps:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, options)
        loss, parts = step_loss(model, random.Random(options.seed * 1_000_003 + step), step)
        losses.update(parts)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % CHECKPOINT_STEPS == 0 or step == options.steps:
            save_checkpoint(checkpoint, model, optimizer, step, options)
            right = count_right(model, held_out_sums(200))
            seconds_a_step = (time.monotonic() - started) / (step - first)
            shown = " ".join(f"{name} {loss:.4f}" for name, loss in sorted(losses.items()))
            print(f"step {step}/{options.steps} losses: {shown}; held-out sums {right}/200; "
                  f"{seconds_a_step:.2f} s a step", flush=True)


def write_gguf(model, gguf, path):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("demo-arith")
    writer.add_description("Adds numbers of up to three digits and counts; a model to test a grid with.")
    writer.add_license("CC0-1.0")
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(NORM_EPSILON)
    writer.add_rope_dimension_count(HEAD_WIDTH)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_vocab_size(vocabulary.SIZE)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    vocabulary.add_to(writer, gguf)

    def add(name, weight):
        writer.add_tensor(name, numpy.ascontiguousarray(weight.detach().numpy().astype(numpy.float32)))

    add("token_embd.weight", model.embedding.weight)
    add("output_norm.weight", model.norm.weight)
    add("output.weight", model.head.weight)
    for index, block in enumerate(model.blocks):
        prefix = f"blk.{index}."
        q, k, v = block.query_key_value.weight.chunk(3)
        gate, up = block.gate_up.weight.chunk(2)
        for name, weight in (("attn_norm", block.attention_norm.weight), ("attn_q", q), ("attn_k", k),
                             ("attn_v", v), ("attn_output", block.output.weight),
                             ("ffn_norm", block.feed_norm.weight), ("ffn_gate", gate), ("ffn_up", up),
                             ("ffn_down", block.down.weight)):
            add(f"{prefix}{name}.weight", weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gguf-py", type=pathlib.Path, required=True, metavar="DIR",
                        help="the gguf-py folder of the engine's source")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="FILE", help="the GGUF to write")
    parser.add_argument("--work", type=pathlib.Path, required=True, metavar="DIR",
                        help="where the checkpoint is kept")
    parser.add_argument("--steps", type=int, default=2600, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default %(default)s")
    parser.add_argument("--learning-rate", type=float, default=2e-3, help="default %(default)s")
    parser.add_argument("--held-out-sums", type=int, default=1000,
                        help="sums asked at the end; default %(default)s")
    parser.add_argument("--min-right", type=float, default=0.99,
                        help="exit 1 when fewer of the held-out sums are right; default %(default)s")
    return parser.parse_args()


def main():
    options = parse_options()
    if not (options.gguf_py / "gguf" / "gguf_writer.py").is_file():
        sys.exit(f"no gguf package in {options.gguf_py}: give the gguf-py folder of the engine's source")
    sys.path.insert(0, str(options.gguf_py))
    import gguf

    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    model = Model()
    print(f"{sum(p.numel() for p in model.parameters())} parameters, seed {options.seed}", flush=True)
    train(model, options)
    right_sums = count_right(model, held_out_sums(options.held_out_sums))
    write_gguf(model, gguf, options.out)
    print(f"held-out sums right: {right_sums}/{options.held_out_sums}")
    for name, held_out in (("held-out counts", True), ("counts from 1", False)):
        questions = count_questions(held_out)
        print(f"{name} right: {count_right(model, questions)}/{len(questions)}")
    print(f"sha256 {hashlib.sha256(options.out.read_bytes()).hexdigest()}  {options.out.name}")
    return 0 if right_sums >= options.min_right * options.held_out_sums else 1


if __name__ == "__main__":
    sys.exit(main())
