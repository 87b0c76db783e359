"""The vocabulary of the demo models: one token a character, written as GGUF tokenizer metadata.

It is an SPM vocabulary without merges: every printable ASCII character is a token and every other byte has
its byte token, so any UTF-8 text can be tokenized and nothing a client sends makes the tokenizer fail.
"""

UNKNOWN, BEGIN, END = 0, 1, 2
FIRST_BYTE = 3
FIRST_CHARACTER = FIRST_BYTE + 256
PRINTABLE = [chr(code) for code in range(0x20, 0x7F)]
SIZE = FIRST_CHARACTER + len(PRINTABLE)

# SPM writes a space as U+2581; the tokenizer of the engine replaces it before it looks for tokens.
SPM_SPACE = "\u2581"

# A conversation is the last thing the user said, then a line end; the answer follows it. A system message is
# read (so that the engine does not fold it into the user's message) and left out, as are earlier turns: the
# models here know no instructions and no history.
CHAT_TEMPLATE = (
    "{%- set ns = namespace(question='') -%}"
    "{%- for message in messages -%}"
    "{%- set content = message['content'] -%}"
    "{%- if message['role'] == 'user' -%}{%- set ns.question = content -%}{%- endif -%}"
    "{%- endfor -%}"
    "{{- bos_token + ns.question + '\\n' -}}"
)


def encode(text: str) -> list[int]:
    """Token ids of `text`, exactly as the engine's tokenizer gives them without its begin token."""
    ids = []
    for byte in text.encode("utf-8"):
        if 0x20 <= byte <= 0x7E:
            ids.append(FIRST_CHARACTER + byte - 0x20)
        else:
            ids.append(FIRST_BYTE + byte)
    return ids


def decode(ids: list[int]) -> str:
    """Text of `ids`; the special tokens give nothing."""
    raw = bytearray()
    for token in ids:
        if token >= FIRST_CHARACTER:
            raw.append(token - FIRST_CHARACTER + 0x20)
        elif token >= FIRST_BYTE:
            raw.append(token - FIRST_BYTE)
    return raw.decode("utf-8", errors="replace")


def add_to(writer, gguf, size: int = SIZE, chat_template: str | None = None) -> None:
    """Adds the tokenizer and chat template metadata to a GGUFWriter; without a template, that of the demo model.

    `size` above SIZE appends filler tokens that no text can produce (there is no merge that leads to them):
    they only make the embedding tables as large as those of a real model.
    """
    if size < SIZE:
        raise ValueError(f"a vocabulary has at least {SIZE} tokens, not {size}")
    tokens = ["<unk>", "<s>", "</s>"]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    for byte in range(256):
        tokens.append(f"<0x{byte:02X}>")
        kinds.append(gguf.TokenType.BYTE)
    for character in PRINTABLE:
        tokens.append(SPM_SPACE if character == " " else character)
        kinds.append(gguf.TokenType.NORMAL)
    for index in range(SIZE, size):
        tokens.append(f"~{index}~")
        kinds.append(gguf.TokenType.NORMAL)

    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(BEGIN)
    writer.add_eos_token_id(END)
    writer.add_unk_token_id(UNKNOWN)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(chat_template or CHAT_TEMPLATE)
