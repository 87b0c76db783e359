#pragma once
/// The usual event of an engine's stream, read without building a JSON tree: a token costs one pass
/// over its bytes. Events that hold more (tool calls, log-probabilities, errors) are left to
/// parse_chunk.

#include <string_view>

#include "coordinator/openai/stream_chunk.h"

namespace gleaner::openai {

/// False when the event is not of the usual form, or not JSON: `chunk` is then to be thrown away.
[[nodiscard]] bool read_plain_chunk(std::string_view data, StreamChunk& chunk);

}  // namespace gleaner::openai
