#pragma once
/// The node's folder: one running node a folder, and a status file for people and scripts. Never
/// holds prompts or answers.

#include <filesystem>
#include <string>

#include "shared/util/result.h"

namespace gleaner {

class DataFolder {
public:
    /// Creates the folder (0700) and locks it. Errors: failed_precondition when another node runs
    /// in it, invalid_argument when its name is too long for sockets, io_failed, disk_full.
    [[nodiscard]] static Result<DataFolder> open(std::filesystem::path path);
    DataFolder(DataFolder&& other) noexcept;
    DataFolder& operator=(DataFolder&&) = delete;
    ~DataFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// For engines' sockets; what a killed node left there is removed at the start.
    [[nodiscard]] std::filesystem::path runtime_dir() const { return path_ / "sockets"; }
    [[nodiscard]] std::filesystem::path cache_dir() const { return path_ / "cache"; }

    /// Replaces the status file. What cannot be written is skipped: it only informs.
    void write_status(const std::string& json) const;
    /// Errors: not_found when no node has run in this folder.
    [[nodiscard]] static Result<std::string> read_status(const std::filesystem::path& path);
    /// Whether a node runs in the folder now.
    [[nodiscard]] static bool in_use(const std::filesystem::path& path);

private:
    DataFolder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::filesystem::path path_;
    int lock_ = -1;
};

}  // namespace gleaner
