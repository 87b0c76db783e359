/// Uploaded forms: whatever the bytes and however they are cut, reading them whole and in pieces
/// says the same, and no part is longer than what came in.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "coordinator/api/multipart.h"

using namespace gleaner::api;
using gleaner::openai::api_ok;
using gleaner::openai::ApiStatus;

namespace {

struct Seen {
    std::string log;
    std::size_t data_bytes = 0;
    bool failed = false;
};

Seen read(std::string_view form, std::size_t step) {
    Seen seen;
    MultipartReader::Sink sink;
    sink.begin = [&](const MultipartReader::Part& part) -> ApiStatus {
        seen.log += "[" + part.name + "|" + part.filename.value_or("") + "]";
        return api_ok();
    };
    sink.data = [&](std::string_view bytes) -> ApiStatus {
        seen.log += bytes;
        seen.data_bytes += bytes.size();
        return api_ok();
    };
    sink.end = [&]() -> ApiStatus {
        seen.log += ";";
        return api_ok();
    };
    MultipartReader reader("B", sink);
    for (std::size_t at = 0; at < form.size(); at += step) {
        if (reader.feed(form.substr(at, step)).has_error()) {
            seen.failed = true;
            return seen;
        }
    }
    seen.failed = reader.finish().has_error();
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view form(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    (void)MultipartReader::boundary_of(form);
    const auto whole = read(form, form.size() + 1);
    const auto pieces = read(form, 1U + bytes[0] % 16U);
    if (whole.data_bytes > form.size()) std::abort();
    // A form that is refused may be refused before or after its last good bytes were passed on.
    if (whole.failed != pieces.failed) std::abort();
    if (!whole.failed && whole.log != pieces.log) std::abort();
    return 0;
}
