#include "coordinator/runtime/job_input.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "coordinator/openai/batch_line.h"
#include "coordinator/openai/request.h"
#include "shared/util/random.h"

namespace gleaner::runtime {

namespace json = boost::json;

namespace {

constexpr std::size_t block_bytes = 1U << 20U;

bool blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Result<std::size_t> read_at(int fd, std::uint64_t offset, char* into, std::size_t size) {
    std::size_t got = 0;
    while (got < size) {
        const auto n = ::pread(fd, into + got, size - got, static_cast<off_t>(offset + got));
        if (n < 0) {
            if (errno == EINTR) continue;
            return error_from_errno("cannot read a batch's input file", errno);
        }
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    return got;
}

/// Calls `each(offset, text)` for the lines that are not blank; returns the file's size.
template <class Each>
Result<std::uint64_t> scan(int fd, Each&& each) {
    std::string buffer;
    std::uint64_t start = 0;  // of buffer in the file
    for (;;) {
        const auto kept = buffer.size();
        buffer.resize(kept + block_bytes);
        GLEANER_TRY(const auto got, read_at(fd, start + kept, buffer.data() + kept, block_bytes));
        buffer.resize(kept + got);
        std::size_t at = 0;
        std::size_t search = kept;  // no newline before it
        while (const void* end =
                   std::memchr(buffer.data() + search, '\n', buffer.size() - search)) {
            const auto stop =
                static_cast<std::size_t>(static_cast<const char*>(end) - buffer.data());
            const auto text = std::string_view(buffer).substr(at, stop - at);
            if (!blank(text)) {
                GLEANER_TRY(each(start + at, text));
            }
            at = search = stop + 1;
            if (search >= buffer.size()) break;
        }
        const auto rest = std::string_view(buffer).substr(at);
        if (rest.size() > LineFile::line_bytes_max)
            return Error(ErrorCode::too_large, "a line of the input file is longer than 16 MiB",
                         Blame::customer);
        if (got < block_bytes) {
            if (!blank(rest)) {
                GLEANER_TRY(each(start + at, rest));
            }
            return start + buffer.size();
        }
        start += at;
        buffer.erase(0, at);
    }
}

std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

}  // namespace

LineFile::LineFile(LineFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), offsets_(std::move(other.offsets_)) {}

LineFile::~LineFile() {
    if (fd_ >= 0) ::close(fd_);
}

Result<LineFile> LineFile::open(const std::filesystem::path& path, std::size_t lines_max) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) return Error(ErrorCode::not_found, "the input file is gone");
        return error_from_errno("cannot open a batch's input file", errno);
    }
    LineFile file(fd);
    auto size = scan(fd, [&](std::uint64_t offset, std::string_view) -> Status {
        if (file.offsets_.size() >= lines_max)
            return Error(ErrorCode::too_large,
                         "the input file has more than " + std::to_string(lines_max) +
                             " requests: split it into several batches",
                         Blame::customer);
        file.offsets_.push_back(offset);
        return ok();
    });
    if (size.has_error()) return std::move(size).error();
    file.offsets_.push_back(size.value());
    file.offsets_.shrink_to_fit();
    return file;
}

Result<std::string> LineFile::read(std::size_t line) const {
    if (line >= lines()) return Error(ErrorCode::invalid_argument, "no such line");
    const auto size = static_cast<std::size_t>(offsets_[line + 1] - offsets_[line]);
    std::string text(size, '\0');
    GLEANER_TRY(const auto got, read_at(fd_, offsets_[line], text.data(), size));
    if (got < size)
        return Error(ErrorCode::data_corrupt, "a batch's input file is shorter than it was");
    text.resize(std::min(text.size(), text.find('\n')));
    return text;
}

Status LineFile::for_each(const std::function<Status(std::size_t, std::string_view)>& each) const {
    std::size_t line = 0;
    auto scanned =
        scan(fd_, [&](std::uint64_t, std::string_view text) { return each(line++, text); });
    if (scanned.has_error()) return std::move(scanned).error();
    return ok();
}

Result<std::int64_t> LineFile::number_in_file(std::size_t line) const {
    if (line >= lines()) return Error(ErrorCode::invalid_argument, "no such line");
    std::string buffer(block_bytes, '\0');
    std::int64_t number = 1;
    for (std::uint64_t at = 0; at < offsets_[line];) {
        const auto size = std::min<std::uint64_t>(block_bytes, offsets_[line] - at);
        GLEANER_TRY(const auto got,
                    read_at(fd_, at, buffer.data(), static_cast<std::size_t>(size)));
        if (got == 0) return Error(ErrorCode::data_corrupt, "the input file is shorter now");
        number +=
            std::count(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got), '\n');
        at += got;
    }
    return number;
}

Result<JobInput> JobInput::open(const std::filesystem::path& path, const store::Job& job) {
    // A job was counted when it was admitted; a longer file is not the one that was admitted.
    GLEANER_TRY(auto file, LineFile::open(path, static_cast<std::size_t>(job.counts.total)));
    return JobInput(std::move(file), job.endpoint, job.model, hash_of(job.id.get()));
}

Result<JobLine> JobInput::line(std::uint32_t index) const {
    GLEANER_TRY(const auto text, file_.read(index));
    const auto endpoint = openai::parse_endpoint(endpoint_);
    if (!endpoint) return Error(ErrorCode::data_corrupt, "unknown endpoint " + endpoint_);

    unsigned char buffer[8192];
    json::monotonic_resource memory(buffer, sizeof buffer);
    auto line = openai::parse_batch_line(text, *endpoint, &memory);
    if (line.has_error()) return Error(ErrorCode::data_corrupt, line.error().message());
    openai::ModelFacts model;
    model.name = model_;
    model.embeddings = *endpoint == openai::Endpoint::embeddings;
    openai::RequestPolicy policy;
    policy.may_stream = false;
    policy.seed = static_cast<std::uint32_t>(Random(seed_ + index).next());
    auto request = openai::check_request(
        *endpoint, line.value().body, [&](std::string_view) { return &model; }, policy);
    if (request.has_error()) return Error(ErrorCode::data_corrupt, request.error().message());

    JobLine ready;
    ready.custom_id = std::move(line.value().custom_id);
    ready.body = std::move(request.value().body);
    ready.top_logprobs = request.value().top_logprobs;
    if (*endpoint != openai::Endpoint::embeddings) ready.seed = request.value().seed;
    return ready;
}

Result<std::string> JobInput::custom_id(std::uint32_t index) const {
    GLEANER_TRY(const auto text, file_.read(index));
    const auto endpoint = openai::parse_endpoint(endpoint_);
    if (!endpoint) return Error(ErrorCode::data_corrupt, "unknown endpoint " + endpoint_);
    unsigned char buffer[8192];
    json::monotonic_resource memory(buffer, sizeof buffer);
    auto line = openai::parse_batch_line(text, *endpoint, &memory);
    if (line.has_error()) return Error(ErrorCode::data_corrupt, line.error().message());
    return std::move(line.value().custom_id);
}

}  // namespace gleaner::runtime
