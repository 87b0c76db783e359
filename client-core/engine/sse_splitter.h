#pragma once
/// Splits a byte stream into the data lines of server-sent events. Pure; keeps at most one line.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace gleaner {

/// llama-server sends one `data:` line an event, so each data line is handed on by itself;
/// comments, blank lines and other fields are skipped. A line that arrives in one piece is not
/// copied.
class SseSplitter {
public:
    enum class Outcome {
        more,      ///< wants more bytes
        stopped,   ///< on_data returned false
        too_long,  ///< a line exceeded the limit
    };

    explicit SseSplitter(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

    /// Calls `on_data` with what follows "data:" (and one space) of each complete line, until it
    /// returns false. After anything but `more` feed nothing further.
    [[nodiscard]] Outcome feed(std::string_view bytes,
                               const std::function<bool(std::string_view)>& on_data);

private:
    std::size_t line_bytes_max_;
    std::string partial_;
};

}  // namespace gleaner
