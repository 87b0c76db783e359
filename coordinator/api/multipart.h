#pragma once
/// multipart/form-data (RFC 7578), read piece by piece as it arrives: memory is bounded whatever
/// the size of a file in it. Pure: bytes in, calls out.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "coordinator/openai/api_error.h"

namespace gleaner::api {

class MultipartReader {
public:
    struct Part {
        std::string name;
        std::optional<std::string> filename;
        std::string content_type;
    };
    /// Both may refuse; the reader then returns their error.
    struct Sink {
        std::function<openai::ApiStatus(const Part& part)> begin;
        std::function<openai::ApiStatus(std::string_view bytes)> data;  ///< of the part begun last
        std::function<openai::ApiStatus()> end;
    };

    static constexpr std::size_t part_header_bytes_max = 8'192;
    static constexpr std::size_t parts_max = 32;

    /// The boundary of a Content-Type header; nothing when it is not multipart/form-data or the
    /// boundary is missing or malformed.
    [[nodiscard]] static std::optional<std::string> boundary_of(std::string_view content_type);

    MultipartReader(std::string_view boundary, Sink sink);

    /// Takes the next bytes. Errors: 400 (malformed, too many parts, headers too long), and the
    /// sink's own.
    [[nodiscard]] openai::ApiStatus feed(std::string_view bytes);
    /// After the last bytes. Errors: 400 when the closing boundary has not come.
    [[nodiscard]] openai::ApiStatus finish() const;

private:
    enum class Step : std::uint8_t { preamble, after_boundary, headers, body, epilogue };

    /// One step on; false when more bytes are needed.
    openai::ApiResult<bool> advance();
    openai::ApiResult<bool> after_boundary();
    openai::ApiResult<bool> read_headers();
    openai::ApiResult<bool> read_body();

    std::string delimiter_;  ///< "\r\n--boundary"
    Sink sink_;
    Step step_ = Step::preamble;
    std::string pending_;
    std::size_t parts_ = 0;
};

}  // namespace gleaner::api
