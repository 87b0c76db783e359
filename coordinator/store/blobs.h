#pragma once
/// Bytes on disk: customers' files (by file id) and artefacts (by SHA-256), under one data folder.
/// Finished blobs never change. Safe to call from any thread.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "shared/model/ids.h"
#include "shared/util/result.h"

namespace gleaner::store {

/// A file being written: appears under its name only by commit(). Deleted if never committed.
class PartialBlob {
public:
    PartialBlob(PartialBlob&& other) noexcept;
    PartialBlob& operator=(PartialBlob&&) = delete;
    ~PartialBlob();

    /// Appends. Errors: disk_full, io_failed.
    Status write(std::string_view bytes);
    [[nodiscard]] std::int64_t size() const { return size_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// Flushes to disk and renames to `target`, also durably.
    Status commit(const std::filesystem::path& target);

private:
    friend class Blobs;
    PartialBlob(int fd, std::filesystem::path path);
    int fd_ = -1;
    std::int64_t size_ = 0;
    std::filesystem::path path_;
};

class Blobs {
public:
    /// Makes the folders and removes what an earlier process left half-written.
    [[nodiscard]] static Result<Blobs> open(const std::filesystem::path& data_folder);

    [[nodiscard]] std::filesystem::path file_path(const FileId& id) const;
    [[nodiscard]] std::filesystem::path artefact_path(const Sha256& id) const;
    [[nodiscard]] Result<PartialBlob> create() const;
    /// Free bytes on the data folder's file system.
    [[nodiscard]] Result<std::int64_t> free_bytes() const;
    Status remove(const FileId& id) const;

private:
    explicit Blobs(std::filesystem::path root) : root_(std::move(root)) {}
    std::filesystem::path root_;
};

}  // namespace gleaner::store
