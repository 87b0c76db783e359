#include "shared/artefact/gguf_bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gleaner {

namespace {

constexpr std::size_t window_bytes = 64 << 10;

class MemorySource final : public GgufSource {
public:
    explicit MemorySource(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
    [[nodiscard]] Status read(std::uint64_t offset, std::span<std::uint8_t> out) override {
        std::memcpy(out.data(), bytes_.data() + offset, out.size());
        return ok();
    }

private:
    std::span<const std::uint8_t> bytes_;
};

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

class FileSource final : public GgufSource {
public:
    FileSource(File file, std::uint64_t size, std::string path)
        : file_(std::move(file)), size_(size), path_(std::move(path)) {}
    [[nodiscard]] std::uint64_t size() const override { return size_; }
    [[nodiscard]] Status read(std::uint64_t offset, std::span<std::uint8_t> out) override {
        if (::fseeko(file_.get(), static_cast<off_t>(offset), SEEK_SET) != 0 ||
            std::fread(out.data(), 1, out.size(), file_.get()) != out.size()) {
            return error_from_errno("cannot read " + path_, errno != 0 ? errno : EIO);
        }
        return ok();
    }

private:
    File file_;
    std::uint64_t size_;
    std::string path_;
};

}  // namespace

std::unique_ptr<GgufSource> gguf_source_from_bytes(std::span<const std::uint8_t> bytes) {
    return std::make_unique<MemorySource>(bytes);
}

Result<std::unique_ptr<GgufSource>> gguf_source_from_file(const std::string& path) {
    File file(std::fopen(path.c_str(), "rbe"), &std::fclose);
    if (!file) {
        if (errno == ENOENT) return Error(ErrorCode::not_found, path + ": no such file");
        return error_from_errno("cannot read " + path, errno);
    }
    if (::fseeko(file.get(), 0, SEEK_END) != 0) {
        return error_from_errno("cannot read " + path, errno);
    }
    const off_t size = ::ftello(file.get());
    if (size < 0) return error_from_errno("cannot read " + path, errno);
    return std::unique_ptr<GgufSource>(
        std::make_unique<FileSource>(std::move(file), static_cast<std::uint64_t>(size), path));
}

Status GgufCursor::need(std::uint64_t bytes, std::string_view what) const {
    if (bytes <= remaining()) return ok();
    return Error(ErrorCode::data_corrupt, "truncated in " + std::string(what) + ": needs " +
                                              std::to_string(bytes) + " more bytes at offset " +
                                              std::to_string(position_) + ", has " +
                                              std::to_string(remaining()));
}

Status GgufCursor::copy(std::span<std::uint8_t> out) {
    const bool in_window =
        position_ >= window_at_ && position_ - window_at_ + out.size() <= window_.size();
    if (!in_window) {
        if (out.size() > window_bytes) {
            GLEANER_TRY(source_.read(position_, out));
            position_ += out.size();
            return ok();
        }
        window_.resize(static_cast<std::size_t>(
            std::min<std::uint64_t>(window_bytes, source_.size() - position_)));
        window_at_ = position_;
        GLEANER_TRY(source_.read(position_, window_));
    }
    std::memcpy(out.data(), window_.data() + (position_ - window_at_), out.size());
    position_ += out.size();
    return ok();
}

Result<std::uint64_t> GgufCursor::unsigned_integer(std::size_t bytes, std::string_view what) {
    GLEANER_TRY(need(bytes, what));
    std::uint8_t raw[8] = {};
    GLEANER_TRY(copy(std::span<std::uint8_t>(raw, bytes)));
    std::uint64_t value = 0;
    for (std::size_t i = bytes; i-- > 0;) value = value << 8 | raw[i];
    return value;
}

Result<std::string> GgufCursor::text(std::size_t bytes_max, std::string_view what) {
    GLEANER_TRY(const std::uint64_t size, unsigned_integer(8, what));
    GLEANER_TRY(need(size, what));
    if (size > bytes_max) {
        return Error(ErrorCode::data_corrupt, std::string(what) + " has " + std::to_string(size) +
                                                  " bytes, at most " + std::to_string(bytes_max) +
                                                  " make sense");
    }
    std::string text(static_cast<std::size_t>(size), '\0');
    if (size > 0) {
        GLEANER_TRY(copy(
            std::span<std::uint8_t>(reinterpret_cast<std::uint8_t*>(text.data()), text.size())));
    }
    return text;
}

Status GgufCursor::skip(std::uint64_t bytes, std::string_view what) {
    GLEANER_TRY(need(bytes, what));
    position_ += bytes;
    return ok();
}

}  // namespace gleaner
