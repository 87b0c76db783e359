/// GET /v1/files/{id}/content: from disk to the client in pieces, whole or one range of it.

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

#include "coordinator/api/openai/routes.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/async/offload.h"

namespace gleaner::api {

namespace {

constexpr std::uint64_t block_bytes = 256U << 10U;

class OpenFile {
public:
    explicit OpenFile(int fd) : fd_(fd) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::uint64_t size) const {
        std::string bytes(size, '\0');
        const auto n = ::pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0) return error_from_errno("cannot read a customer's file", errno);
        if (n == 0) return Error(ErrorCode::data_corrupt, "a customer's file is too short");
        bytes.resize(static_cast<std::size_t>(n));
        return bytes;
    }

private:
    int fd_;
};

struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  ///< one past the last byte
    bool partial = false;
};

bool read_number(std::string_view text, std::uint64_t& number) {
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    return !text.empty() && parsed.ec == std::errc() && parsed.ptr == end;
}

/// One range of RFC 9110; what is not understood is ignored, as it says. Nothing: not satisfiable.
std::optional<Range> parse_range(std::string_view header, std::uint64_t size) {
    const Range whole{0, size, false};
    constexpr std::string_view unit = "bytes=";
    if (!header.starts_with(unit) || header.find(',') != std::string_view::npos) return whole;
    header.remove_prefix(unit.size());
    const auto dash = header.find('-');
    if (dash == std::string_view::npos) return whole;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    const bool has_first = read_number(header.substr(0, dash), first);
    const bool has_last = read_number(header.substr(dash + 1), last);
    if (dash == 0) {
        if (!has_last) return whole;
        if (last == 0) return std::nullopt;
        return Range{size - std::min(size, last), size, true};
    }
    if (!has_first || (!has_last && dash + 1 != header.size())) return whole;
    if (has_last && last < first) return whole;
    if (first >= size) return std::nullopt;
    return Range{first, has_last ? std::min(size, last + 1) : size, true};
}

}  // namespace

Handled file_content(const Services& services, Request& request, Reply& reply) {
    const FileId id{request.param("id")};
    const auto project = request.caller->project;
    std::function<Result<store::File>(store::Store&)> load = [&](store::Store& s) {
        return s.file(project, id);
    };
    const auto record = co_await services.store.read(std::move(load));
    if (record.has_error() && record.error().code() == ErrorCode::not_found) {
        ApiError error(404, "invalid_request_error", "not_found",
                       "No such File object: " + id.get());
        co_return std::move(error).about("id");
    }
    if (record.has_error()) co_return ApiError(record.error());

    const OpenFile file(::open(services.blobs.file_path(id).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open())
        co_return ApiError(Error(ErrorCode::io_failed, "the bytes of " + id.get() + " are gone"));
    const auto size = static_cast<std::uint64_t>(record.value().bytes);
    const auto range = parse_range(request.header("range"), size);
    reply.add_header("Accept-Ranges", "bytes");
    if (!range) {
        reply.add_header("Content-Range", "bytes */" + std::to_string(size));
        co_return ApiError(416, "invalid_request_error", "range_not_satisfiable",
                           "The file has only " + std::to_string(size) + " bytes.");
    }
    if (range->partial) {
        reply.add_header("Content-Range", "bytes " + std::to_string(range->begin) + "-" +
                                              std::to_string(range->end - 1) + "/" +
                                              std::to_string(size));
    }
    auto sent = co_await reply.begin(range->partial ? 206 : 200, "application/octet-stream",
                                     range->end - range->begin);
    for (auto at = range->begin; at < range->end && sent.has_value();) {
        std::function<Result<std::string>()> read = [&] {
            return file.read(at, std::min(block_bytes, range->end - at));
        };
        auto bytes = co_await offload(services.blocking, std::move(read));
        // Too late for a status: the missing bytes tell the client.
        if (bytes.has_error()) co_return ApiError(bytes.error());
        at += bytes.value().size();
        sent = co_await reply.write(std::move(bytes).value());
    }
    if (sent.has_value()) (void)co_await reply.finish();
    co_return api_ok();
}

}  // namespace gleaner::api
