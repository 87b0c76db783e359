#!/usr/bin/env python3
"""Makes a llama-architecture GGUF of any size with random weights: for tests of memory, download and load.

Its answers are noise. Weights are written tensor by tensor, in pieces, so memory stays below 100 MB however large the
file is; the same arguments give the same file.

  ./random_model.py --gguf-py SRC/gguf-py --layers 16 --width 2048 --ff 5632 --heads 16 --out big.gguf
"""

import argparse
import math
import pathlib
import sys

import numpy

import character_vocabulary as vocabulary

NORM_EPSILON = 1e-5
ROPE_BASE = 10000.0
PIECE_VALUES = 4 * 1024 * 1024
QUANTISED_BLOCK_VALUES = 32


def tensor_shapes(options):
    """(name, shape) of every tensor, in the order of the file; a row is the last dimension."""
    key_width = options.width // options.heads * options.kv_heads
    yield "token_embd.weight", (options.vocab, options.width)
    yield "output_norm.weight", (options.width,)
    yield "output.weight", (options.vocab, options.width)
    for layer in range(options.layers):
        prefix = f"blk.{layer}."
        yield prefix + "attn_norm.weight", (options.width,)
        yield prefix + "attn_q.weight", (options.width, options.width)
        yield prefix + "attn_k.weight", (key_width, options.width)
        yield prefix + "attn_v.weight", (key_width, options.width)
        yield prefix + "attn_output.weight", (options.width, options.width)
        yield prefix + "ffn_norm.weight", (options.width,)
        yield prefix + "ffn_gate.weight", (options.ff, options.width)
        yield prefix + "ffn_up.weight", (options.ff, options.width)
        yield prefix + "ffn_down.weight", (options.width, options.ff)


def file_dtype(gguf, shape, kind):
    """Vectors stay f32, as in any GGUF: the engine wants its norms so."""
    if len(shape) == 1 or kind == "f32":
        return gguf.GGMLQuantizationType.F32
    return gguf.GGMLQuantizationType.F16 if kind == "f16" else gguf.GGMLQuantizationType.Q8_0


def pieces(generator, gguf, shape, dtype):
    """The tensor's bytes in arrays of at most PIECE_VALUES values, whole rows each."""
    if len(shape) == 1:
        yield numpy.ones(shape, dtype=numpy.float32)
        return
    rows, row_values = shape
    rows_a_piece = max(1, PIECE_VALUES // row_values)
    scale = 0.7 / row_values ** 0.5
    for first in range(0, rows, rows_a_piece):
        count = min(rows_a_piece, rows - first)
        values = generator.random((count, row_values), dtype=numpy.float32)
        values = (values - 0.5) * (scale * 12 ** 0.5)
        if dtype == gguf.GGMLQuantizationType.F16:
            values = values.astype(numpy.float16)
        elif dtype == gguf.GGMLQuantizationType.Q8_0:
            values = gguf.quants.quantize(values, dtype)
        yield values


def write_metadata(writer, gguf, options):
    writer.add_name(options.out.stem)
    writer.add_description("Random weights: a model to test loading with. Its answers are noise.")
    writer.add_context_length(options.context)
    writer.add_embedding_length(options.width)
    writer.add_block_count(options.layers)
    writer.add_feed_forward_length(options.ff)
    writer.add_head_count(options.heads)
    writer.add_head_count_kv(options.kv_heads)
    writer.add_layer_norm_rms_eps(NORM_EPSILON)
    writer.add_rope_dimension_count(options.width // options.heads)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_vocab_size(options.vocab)
    writer.add_file_type({"f32": gguf.LlamaFileType.ALL_F32, "f16": gguf.LlamaFileType.MOSTLY_F16,
                          "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}[options.type])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    template = options.chat_template.read_text(encoding="utf-8") if options.chat_template else None
    vocabulary.add_to(writer, gguf, options.vocab, template)
    if options.pooling:
        writer.add_pooling_type(gguf.PoolingType[options.pooling.upper()])


def write_model(gguf, options):
    writer = gguf.GGUFWriter(options.out, "llama")
    write_metadata(writer, gguf, options)
    tensors = list(tensor_shapes(options))
    for name, shape in tensors:
        dtype = file_dtype(gguf, shape, options.type)
        block_values, block_bytes = gguf.GGML_QUANT_SIZES[dtype]
        stored_bytes = math.prod(shape) // block_values * block_bytes
        writer.add_tensor_info(name, shape, numpy.dtype(numpy.float32), stored_bytes, raw_dtype=dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()

    # The writer wants whole tensors; the pieces go to its file directly, aligned as it would have aligned them.
    generator = numpy.random.default_rng(options.seed)
    file = writer.fout[0]
    writer.write_padding(file, file.tell())
    for _, shape in tensors:
        start = file.tell()
        for piece in pieces(generator, gguf, shape, file_dtype(gguf, shape, options.type)):
            piece.tofile(file)
        writer.write_padding(file, file.tell() - start)
    writer.close()


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gguf-py", type=pathlib.Path, required=True, metavar="DIR",
                        help="the gguf-py folder of the engine's source")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="FILE", help="the GGUF to write")
    parser.add_argument("--layers", type=int, default=4, help="default %(default)s")
    parser.add_argument("--width", type=int, default=256, help="default %(default)s")
    parser.add_argument("--ff", type=int, default=768, help="width of the feed-forward part; default %(default)s")
    parser.add_argument("--heads", type=int, default=4, help="default %(default)s")
    parser.add_argument("--kv-heads", type=int, help="default: as many as heads")
    parser.add_argument("--vocab", type=int, default=vocabulary.SIZE, help="tokens; default and least %(default)s")
    parser.add_argument("--context", type=int, default=4096, help="context length in tokens; default %(default)s")
    parser.add_argument("--type", choices=("f32", "f16", "q8_0"), default="f16", help="default %(default)s")
    parser.add_argument("--pooling", choices=("mean", "cls", "last"), help="makes it a model of embeddings")
    parser.add_argument("--chat-template", type=pathlib.Path, metavar="FILE", help="Jinja; default: the demo model's")
    parser.add_argument("--seed", type=int, default=1, help="default %(default)s")
    options = parser.parse_args()
    options.kv_heads = options.kv_heads or options.heads
    if options.width % options.heads or options.width // options.heads % 2:
        parser.error("--width must be an even multiple of --heads")
    if options.heads % options.kv_heads:
        parser.error("--heads must be a multiple of --kv-heads")
    if options.type == "q8_0" and (options.width % QUANTISED_BLOCK_VALUES or options.ff % QUANTISED_BLOCK_VALUES):
        parser.error(f"q8_0 wants --width and --ff to be multiples of {QUANTISED_BLOCK_VALUES}")
    if options.vocab < vocabulary.SIZE:
        parser.error(f"--vocab is at least {vocabulary.SIZE}")
    return options


def main():
    options = parse_options()
    if not (options.gguf_py / "gguf" / "gguf_writer.py").is_file():
        sys.exit(f"no gguf package in {options.gguf_py}: give the gguf-py folder of the engine's source")
    sys.path.insert(0, str(options.gguf_py))
    import gguf

    write_model(gguf, options)
    print(f"{options.out}: {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
