#include "client-core/cache/partial_file.h"

#include <algorithm>
#include <cerrno>
#include <future>
#include <utility>
#include <vector>

namespace gleaner {

namespace fs = std::filesystem;

namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Error os_error(const fs::path& path, int errno_value) {
    return error_from_errno("cannot write " + path.string(), errno_value);
}

}  // namespace

std::uint64_t PartialFile::bytes() const {
    return std::min(next_ * chunk_size_bytes, list_.size_bytes);
}

Result<std::unique_ptr<PartialFile>> PartialFile::open(fs::path path, ChunkList list) {
    std::unique_ptr<PartialFile> partial(new PartialFile(std::move(path), std::move(list)));
    GLEANER_TRY(partial->take_up());
    return partial;
}

Status PartialFile::take_up() {
    std::error_code error;
    if (fs::exists(path_, error)) {
        std::unique_ptr<std::FILE, Closer> old(std::fopen(path_.c_str(), "rb"));
        if (!old) return os_error(path_, errno);
        std::string chunk;
        while (next_ < list_.chunks.size()) {
            chunk.resize(chunk_length(list_.size_bytes, next_));
            if (std::fread(chunk.data(), 1, chunk.size(), old.get()) != chunk.size()) break;
            if (!verify_chunk(list_, next_, bytes_of(chunk))) break;
            hasher_.update(std::string_view(chunk));
            ++next_;
        }
        old.reset();
        fs::resize_file(path_, bytes(), error);
        if (error) return os_error(path_, error.value());
    }
    file_.reset(std::fopen(path_.c_str(), "ab"));
    if (!file_) return os_error(path_, errno);
    // Chunks are written whole: a buffer would only copy them.
    std::setvbuf(file_.get(), nullptr, _IONBF, 0);
    return ok();
}

Status PartialFile::append(std::string chunk) {
    auto hashing =
        std::async(std::launch::async, [this] { hasher_.update(std::string_view(unhashed_)); });
    const Status written = verify_and_write(chunk);
    hashing.get();
    unhashed_.clear();
    GLEANER_TRY(written);
    unhashed_ = std::move(chunk);
    ++next_;
    return ok();
}

Status PartialFile::verify_and_write(std::string_view chunk) {
    GLEANER_TRY(verify_chunk(list_, next_, bytes_of(chunk)));
    errno = 0;
    if (std::fwrite(chunk.data(), 1, chunk.size(), file_.get()) != chunk.size()) {
        const int cause = errno != 0 ? errno : EIO;
        std::error_code ignored;
        fs::resize_file(path_, bytes(), ignored);  // a part of a chunk is of no use
        return os_error(path_, cause);
    }
    return ok();
}

Status PartialFile::finish(const fs::path& destination) {
    errno = 0;
    if (std::fclose(file_.release()) != 0) return os_error(path_, errno);
    std::error_code error;
    hasher_.update(std::string_view(unhashed_));
    if (const Sha256 actual = hasher_.finish(); actual != list_.whole) {
        fs::remove(path_, error);
        return Error(ErrorCode::data_corrupt, "the whole hashes to " + actual.get() +
                                                  " although every chunk holds: the chunk list "
                                                  "does not belong to this artefact");
    }
    fs::permissions(path_, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read,
                    error);
    fs::rename(path_, destination, error);
    if (error) return os_error(destination, error.value());
    return ok();
}

}  // namespace gleaner
