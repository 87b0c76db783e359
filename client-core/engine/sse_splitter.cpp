#include "client-core/engine/sse_splitter.h"

namespace gleaner {

namespace {

/// False if the listener wants to stop.
bool hand_on(std::string_view line, const std::function<bool(std::string_view)>& on_data) {
    constexpr std::string_view prefix = "data:";
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with(prefix)) return true;
    line.remove_prefix(prefix.size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    return on_data(line);
}

}  // namespace

SseSplitter::Outcome SseSplitter::feed(std::string_view bytes,
                                       const std::function<bool(std::string_view)>& on_data) {
    while (true) {
        const std::size_t end = bytes.find('\n');
        const std::string_view piece = bytes.substr(0, end);
        if (partial_.size() + piece.size() > line_bytes_max_) return Outcome::too_long;
        if (end == std::string_view::npos) {
            partial_.append(piece);
            return Outcome::more;
        }
        bytes.remove_prefix(end + 1);
        bool go_on = true;
        if (partial_.empty()) {
            go_on = hand_on(piece, on_data);
        } else {
            partial_.append(piece);
            go_on = hand_on(partial_, on_data);
            partial_.clear();
        }
        if (!go_on) return Outcome::stopped;
    }
}

}  // namespace gleaner
