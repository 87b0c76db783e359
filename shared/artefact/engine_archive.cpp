#include "shared/artefact/engine_archive.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <sys/stat.h>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "shared/artefact/engine_manifest.h"
#include "shared/util/check.h"

namespace gleaner {

namespace {

constexpr std::size_t block_bytes = 256 << 10;
constexpr std::size_t foreign_entries_max = 65'536;

std::string reason(archive* handle) {
    const char* text = archive_error_string(handle);
    return text != nullptr ? text : "unknown reason";
}

Error write_error(const std::string& path, archive* handle) {
    const int code = archive_errno(handle);
    if (code == ENOSPC || code == EDQUOT) return error_from_errno("cannot write " + path, code);
    return {ErrorCode::io_failed, "cannot write " + path + ": " + reason(handle)};
}

}  // namespace

struct ArchiveReader::State {
    ~State() { archive_read_free(handle); }
    archive* handle = archive_read_new();
    std::string path;
    std::string current;
};

ArchiveReader::ArchiveReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArchiveReader::~ArchiveReader() = default;
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;

Result<ArchiveReader> ArchiveReader::open(const std::string& path) {
    auto state = std::make_unique<State>();
    GLEANER_CHECK(state->handle != nullptr, "no memory for an archive reader");
    state->path = path;
    archive_read_support_filter_zstd(state->handle);
    archive_read_support_format_tar(state->handle);
    std::error_code missing;
    if (!std::filesystem::is_regular_file(path, missing)) {
        return Error(ErrorCode::not_found, path + ": no such file");
    }
    if (archive_read_open_filename(state->handle, path.c_str(), block_bytes) != ARCHIVE_OK) {
        return Error(ErrorCode::data_corrupt,
                     path + " is not a .tar.zst archive: " + reason(state->handle));
    }
    return ArchiveReader(std::move(state));
}

Result<std::optional<ArchiveEntry>> ArchiveReader::next() {
    while (true) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(state_->handle, &entry);
        if (status == ARCHIVE_EOF) return std::optional<ArchiveEntry>();
        if (status != ARCHIVE_OK) {
            return Error(ErrorCode::data_corrupt,
                         state_->path + " is damaged: " + reason(state_->handle));
        }
        const char* raw = archive_entry_pathname(entry);
        state_->current = raw != nullptr ? raw : "";
        if (archive_entry_filetype(entry) == AE_IFDIR) continue;
        const std::string shown = "\"" + state_->current.substr(0, 240) + "\"";
        if (!is_safe_relative_path(state_->current)) {
            return Error(ErrorCode::data_corrupt, state_->path + ": entry " + shown +
                                                      " would be written outside the package");
        }
        const bool plain = archive_entry_filetype(entry) == AE_IFREG &&
                           archive_entry_hardlink(entry) == nullptr &&
                           archive_entry_symlink(entry) == nullptr &&
                           archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) >= 0;
        if (!plain) {
            return Error(ErrorCode::data_corrupt,
                         state_->path + ": entry " + shown +
                             " is a link or a device; an engine package holds plain files only");
        }
        return std::optional<ArchiveEntry>(
            ArchiveEntry{state_->current, static_cast<std::uint64_t>(archive_entry_size(entry)),
                         (archive_entry_perm(entry) & 0100) != 0});
    }
}

Result<std::size_t> ArchiveReader::read(std::span<std::uint8_t> buffer) {
    const la_ssize_t count = archive_read_data(state_->handle, buffer.data(), buffer.size());
    if (count < 0) {
        return Error(ErrorCode::data_corrupt, state_->path + ": " + state_->current +
                                                  " is damaged: " + reason(state_->handle));
    }
    return static_cast<std::size_t>(count);
}

struct ArchiveWriter::State {
    ~State() { archive_write_free(handle); }

    Status add_header(const ArchiveEntry& entry) {
        const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> header(
            archive_entry_new(), &archive_entry_free);
        GLEANER_CHECK(header != nullptr, "no memory for an archive entry");
        archive_entry_set_pathname(header.get(), entry.path.c_str());
        archive_entry_set_size(header.get(), static_cast<la_int64_t>(entry.size_bytes));
        archive_entry_set_filetype(header.get(), AE_IFREG);
        archive_entry_set_perm(header.get(), entry.executable ? 0755 : 0644);
        archive_entry_set_mtime(header.get(), 0, 0);
        if (archive_write_header(handle, header.get()) != ARCHIVE_OK) {
            return write_error(path, handle);
        }
        return ok();
    }
    Status add_bytes(const void* data, std::size_t size) {
        if (archive_write_data(handle, data, size) != static_cast<la_ssize_t>(size)) {
            return write_error(path, handle);
        }
        return ok();
    }

    archive* handle = archive_write_new();
    std::string path;
};

ArchiveWriter::ArchiveWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArchiveWriter::~ArchiveWriter() = default;
ArchiveWriter::ArchiveWriter(ArchiveWriter&&) noexcept = default;

Result<ArchiveWriter> ArchiveWriter::create(const std::string& path) {
    auto state = std::make_unique<State>();
    GLEANER_CHECK(state->handle != nullptr, "no memory for an archive writer");
    state->path = path;
    archive_write_set_format_pax_restricted(state->handle);
    archive_write_add_filter_zstd(state->handle);
    archive_write_set_filter_option(state->handle, "zstd", "compression-level", "12");
    if (archive_write_open_filename(state->handle, path.c_str()) != ARCHIVE_OK) {
        return write_error(path, state->handle);
    }
    return ArchiveWriter(std::move(state));
}

Status ArchiveWriter::add_text(const std::string& name, std::string_view text) {
    GLEANER_TRY(state_->add_header({name, text.size(), false}));
    return state_->add_bytes(text.data(), text.size());
}

Status ArchiveWriter::add_file(const ArchiveEntry& entry, const std::string& source) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(source.c_str(), "rbe"),
                                                               &std::fclose);
    if (!file) return error_from_errno("cannot read " + source, errno);
    GLEANER_TRY(state_->add_header(entry));
    std::vector<std::uint8_t> buffer(block_bytes);
    std::uint64_t copied = 0;
    while (true) {
        const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
        copied += count;
        if (count == 0 || copied > entry.size_bytes) break;
        GLEANER_TRY(state_->add_bytes(buffer.data(), count));
    }
    if (std::ferror(file.get()) != 0) return error_from_errno("cannot read " + source, errno);
    if (copied != entry.size_bytes) {
        return Error(ErrorCode::failed_precondition,
                     source + " changed while it was packed: pack again");
    }
    return ok();
}

Status ArchiveWriter::finish() {
    if (archive_write_close(state_->handle) != ARCHIVE_OK) {
        return write_error(state_->path, state_->handle);
    }
    return ok();
}

namespace {

struct ForeignArchive {
    ~ForeignArchive() {
        archive_read_free(in);
        archive_write_free(out);
    }
    archive* in = archive_read_new();
    archive* out = archive_write_disk_new();
};

/// A symbolic link must stay below the directory: relative, and never climbing over the top.
bool link_stays_inside(const std::filesystem::path& link, const std::filesystem::path& target) {
    if (target.is_absolute()) return false;
    const auto resolved = (link.parent_path() / target).lexically_normal();
    return !resolved.empty() && *resolved.begin() != "..";
}

Status copy_foreign_entry(ForeignArchive& both, archive_entry* entry, const std::string& directory,
                          std::uint64_t& total) {
    const char* raw = archive_entry_pathname(entry);
    const std::filesystem::path inside =
        std::filesystem::path(raw != nullptr ? raw : "").lexically_normal();
    const std::string shown = "entry \"" + inside.string().substr(0, 240) + "\"";
    if (inside.empty() || inside == ".") return ok();
    const auto type = archive_entry_filetype(entry);
    const char* link = archive_entry_symlink(entry);
    const bool allowed = (type == AE_IFREG && archive_entry_hardlink(entry) == nullptr) ||
                         type == AE_IFDIR ||
                         (type == AE_IFLNK && link != nullptr && link_stays_inside(inside, link));
    if (!allowed || inside.is_absolute() || *inside.begin() == "..") {
        return Error(ErrorCode::data_corrupt,
                     shown + " is a device, a hard link, or leads outside the archive");
    }
    archive_entry_set_pathname(entry, (std::filesystem::path(directory) / inside).c_str());
    if (archive_write_header(both.out, entry) != ARCHIVE_OK) {
        return write_error(inside.string(), both.out);
    }
    std::array<std::uint8_t, 65'536> buffer{};
    while (type == AE_IFREG) {
        const la_ssize_t count = archive_read_data(both.in, buffer.data(), buffer.size());
        if (count == 0) break;
        if (count < 0) {
            return Error(ErrorCode::data_corrupt, shown + " is damaged: " + reason(both.in));
        }
        total += static_cast<std::uint64_t>(count);
        if (total > engine_total_bytes_max) {
            return Error(ErrorCode::too_large, "the archive unpacks to more than 32 GiB");
        }
        if (archive_write_data(both.out, buffer.data(), static_cast<std::size_t>(count)) < 0) {
            return write_error(inside.string(), both.out);
        }
    }
    if (archive_write_finish_entry(both.out) != ARCHIVE_OK) {
        return write_error(inside.string(), both.out);
    }
    return ok();
}

}  // namespace

Status unpack_foreign_archive(const std::string& path, const std::string& directory) {
    ForeignArchive both;
    GLEANER_CHECK(both.in != nullptr && both.out != nullptr, "no memory for an archive");
    archive_read_support_filter_all(both.in);
    archive_read_support_format_tar(both.in);
    archive_read_support_format_zip(both.in);
    // No SECURE_NOABSOLUTEPATHS: the directory put before each path is absolute on purpose.
    archive_write_disk_set_options(both.out, ARCHIVE_EXTRACT_PERM |
                                                 ARCHIVE_EXTRACT_SECURE_NODOTDOT |
                                                 ARCHIVE_EXTRACT_NO_OVERWRITE);
    std::error_code missing;
    if (!std::filesystem::is_regular_file(path, missing)) {
        return Error(ErrorCode::not_found, path + ": no such file");
    }
    if (archive_read_open_filename(both.in, path.c_str(), block_bytes) != ARCHIVE_OK) {
        return Error(ErrorCode::data_corrupt,
                     path + " is neither a zip nor a tar archive: " + reason(both.in));
    }
    std::uint64_t total = 0;
    for (std::size_t entries = 0; entries < foreign_entries_max; ++entries) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(both.in, &entry);
        if (status == ARCHIVE_EOF) return ok();
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
            return Error(ErrorCode::data_corrupt, path + " is damaged: " + reason(both.in));
        }
        const Status copied = copy_foreign_entry(both, entry, directory, total);
        if (!copied) return copied.error().within(path);
    }
    return Error(ErrorCode::too_large, path + " has more than 65,536 entries");
}

}  // namespace gleaner
