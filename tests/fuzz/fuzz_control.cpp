/// What a program on the node's machine sends over the local socket. However the bytes are cut into
/// pieces, the same messages come out, and each survives its own frame.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "shared/proto/control.pb.h"
#include "shared/proto/control_frame.h"

namespace {

using gleaner::control::FrameReader;
using gleaner::control::ToNode;

/// The messages up to the first that is none, which ends with "refused".
std::vector<std::string> read_in_pieces(std::string_view bytes, std::size_t piece) {
    std::vector<std::string> messages;
    FrameReader reader;
    while (!bytes.empty()) {
        reader.append(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        for (;;) {
            ToNode message;
            const auto whole = reader.next(message);
            if (whole.has_error()) {
                messages.emplace_back("refused");
                return messages;
            }
            if (!whole.value()) break;
            messages.push_back(message.SerializeAsString());
        }
    }
    return messages;
}

void survives_its_frame(const std::string& serialized) {
    ToNode message;
    if (!message.ParseFromString(serialized)) std::abort();
    FrameReader reader;
    reader.append(gleaner::control::frame_of(message));
    ToNode again;
    const auto whole = reader.next(again);
    if (!whole || !whole.value()) std::abort();
    if (again.SerializeAsString() != serialized) std::abort();
    const auto more = reader.next(again);
    if (!more || more.value()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view stream(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const auto at_once = read_in_pieces(stream, std::max<std::size_t>(stream.size(), 1));
    // The first byte chooses the size of the pieces.
    if (read_in_pieces(stream, 1 + bytes[0] % 16u) != at_once) std::abort();
    for (const auto& message : at_once) {
        if (message != "refused") survives_its_frame(message);
    }
    return 0;
}
