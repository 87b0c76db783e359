#include "shared/artefact/engine_package.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "shared/artefact/engine_archive.h"
#include "shared/artefact/sha256.h"

namespace gleaner {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view manifest_name = "manifest.json";
constexpr std::string_view signature_name = "manifest.sig";
constexpr std::size_t signature_bytes_max = 1024;

Error corrupt(const std::string& message) {
    return {ErrorCode::data_corrupt, message};
}

/// A directory that goes away unless it was kept.
class TemporaryDirectory {
public:
    [[nodiscard]] static Result<TemporaryDirectory> beside(const std::string& path) {
        std::string name = path;
        while (name.size() > 1 && name.back() == '/') name.pop_back();
        name += ".partial-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) {
            return error_from_errno("cannot create " + name, errno);
        }
        return TemporaryDirectory(std::move(name));
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    TemporaryDirectory(TemporaryDirectory&& other) noexcept
        : path_(std::exchange(other.path_, {})) {}
    TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] Status keep_as(const std::string& destination) {
        if (::chmod(path_.c_str(), 0755) != 0) return error_from_errno(path_, errno);
        if (::rename(path_.c_str(), destination.c_str()) != 0) {
            if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) {
                return Error(ErrorCode::already_exists, destination + " exists: remove it first");
            }
            return error_from_errno("cannot create " + destination, errno);
        }
        path_.clear();
        return ok();
    }

private:
    explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

Result<std::string> read_small_entry(ArchiveReader& reader, std::string_view name,
                                     std::size_t bytes_max, const std::string& archive) {
    GLEANER_TRY(const auto entry, reader.next());
    if (!entry || entry->path != name) {
        return corrupt(archive + " is not an engine package: " + std::string(name) +
                       " is not where it must be");
    }
    if (entry->size_bytes > bytes_max) {
        return corrupt(archive + ": " + std::string(name) + " is too large");
    }
    std::string text(static_cast<std::size_t>(entry->size_bytes), '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
        const std::span<std::uint8_t> rest(reinterpret_cast<std::uint8_t*>(text.data()) + filled,
                                           text.size() - filled);
        GLEANER_TRY(const std::size_t count, reader.read(rest));
        if (count == 0) return corrupt(archive + ": " + std::string(name) + " is cut short");
        filled += count;
    }
    return text;
}

struct SignedManifest {
    std::string json;
    std::string signature;
    EngineManifest manifest;
};

Result<SignedManifest> trusted_manifest(std::string json, std::string signature,
                                        const PublicKey& key, const std::string& where) {
    const Status verified = verify_manifest(json, signature, key);
    if (!verified) return verified.error().within(where);
    auto manifest = parse_manifest(json);
    if (!manifest) return manifest.error().within(where);
    return SignedManifest{std::move(json), std::move(signature), std::move(manifest).value()};
}

Result<SignedManifest> read_signed_manifest(ArchiveReader& reader, const std::string& archive,
                                            const PublicKey& key) {
    GLEANER_TRY(auto json, read_small_entry(reader, manifest_name, manifest_bytes_max, archive));
    GLEANER_TRY(auto signature,
                read_small_entry(reader, signature_name, signature_bytes_max, archive));
    return trusted_manifest(std::move(json), std::move(signature), key, archive);
}

/// Takes a file's bytes as they are verified; an empty function drops them.
using ByteSink = std::function<Status(std::span<const std::uint8_t>)>;
using SinkForFile = std::function<Result<ByteSink>(const EngineFile&)>;

Status check_file_entry(ArchiveReader& reader, const ArchiveEntry& entry, const EngineFile& file,
                        const std::string& archive, const ByteSink& sink) {
    const std::string name = archive + ": " + file.path;
    if (entry.size_bytes != file.size_bytes) {
        return corrupt(name + " has " + std::to_string(entry.size_bytes) +
                       " bytes, its manifest says " + std::to_string(file.size_bytes));
    }
    if (entry.executable != file.executable) {
        return corrupt(name + " has another mode than its manifest says");
    }
    Sha256Hasher hasher;
    std::vector<std::uint8_t> buffer(256 << 10);
    std::uint64_t total = 0;
    while (true) {
        GLEANER_TRY(const std::size_t count, reader.read(buffer));
        if (count == 0) break;
        total += count;
        if (total > file.size_bytes) return corrupt(name + " is longer than its manifest says");
        const std::span<const std::uint8_t> bytes(buffer.data(), count);
        hasher.update(bytes);
        if (sink) {
            GLEANER_TRY(sink(bytes));
        }
    }
    if (total != file.size_bytes || hasher.finish() != file.sha256) {
        return corrupt(name + " has a wrong hash: the package was changed or damaged");
    }
    return ok();
}

Status check_all_files(ArchiveReader& reader, const EngineManifest& manifest,
                       const std::string& archive, const SinkForFile& sink_for) {
    std::map<std::string, const EngineFile*> missing;
    for (const EngineFile& file : manifest.files) missing.emplace(file.path, &file);
    while (true) {
        GLEANER_TRY(const auto entry, reader.next());
        if (!entry) break;
        const auto found = missing.find(entry->path);
        if (found == missing.end()) {
            return corrupt(archive + ": " + entry->path +
                           " is not in the signed manifest, or comes twice");
        }
        GLEANER_TRY(const ByteSink sink, sink_for(*found->second));
        GLEANER_TRY(check_file_entry(reader, *entry, *found->second, archive, sink));
        missing.erase(found);
    }
    if (!missing.empty()) return corrupt(archive + ": " + missing.begin()->first + " is missing");
    return ok();
}

Status write_text(const std::string& path, std::string_view text, mode_t mode) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) return error_from_errno("cannot create " + path, errno);
    const ssize_t count = ::write(fd, text.data(), text.size());
    const int failed = errno;
    ::close(fd);
    if (count != static_cast<ssize_t>(text.size())) {
        return error_from_errno("cannot write " + path, count < 0 ? failed : ENOSPC);
    }
    return ok();
}

/// One open output file; shared between the copies that std::function makes of its sink.
struct OutputFile {
    OutputFile(int descriptor, std::string name) : fd(descriptor), path(std::move(name)) {}
    ~OutputFile() { ::close(fd); }
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    int fd;
    std::string path;
};

Result<ByteSink> create_file(const std::string& directory, const EngineFile& file) {
    const fs::path path = fs::path(directory) / file.path;
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    if (failed) {
        return error_from_errno("cannot create " + path.parent_path().string(), failed.value());
    }
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                          file.executable ? 0755 : 0644);
    if (fd < 0) return error_from_errno("cannot create " + path.string(), errno);
    // The umask may have taken bits that the manifest promises.
    if (::fchmod(fd, file.executable ? 0755 : 0644) != 0) {
        ::close(fd);
        return error_from_errno("cannot set the mode of " + path.string(), errno);
    }
    auto output = std::make_shared<OutputFile>(fd, path.string());
    return ByteSink([output](std::span<const std::uint8_t> bytes) -> Status {
        while (!bytes.empty()) {
            const ssize_t count = ::write(output->fd, bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return error_from_errno("cannot write " + output->path, errno);
            bytes = bytes.subspan(static_cast<std::size_t>(count));
        }
        return ok();
    });
}

Result<EngineFile> describe_file(const fs::path& root, const fs::path& path) {
    EngineFile file;
    file.path = path.lexically_relative(root).generic_string();
    std::error_code failed;
    const fs::path real = fs::canonical(path, failed);
    const auto inside = real.lexically_relative(root);
    if (failed || inside.empty() || *inside.begin() == "..") {
        return Error(ErrorCode::invalid_argument,
                     path.string() + " is a link that leads nowhere or outside the directory");
    }
    if (!is_safe_relative_path(file.path)) {
        return Error(ErrorCode::invalid_argument,
                     path.string() + ": an engine's file names are plain ASCII without spaces");
    }
    struct stat info {};
    if (::stat(real.c_str(), &info) != 0) return error_from_errno(path.string(), errno);
    if (!S_ISREG(info.st_mode)) {
        return Error(ErrorCode::invalid_argument,
                     path.string() + " is neither a file nor a link to a file");
    }
    file.size_bytes = static_cast<std::uint64_t>(info.st_size);
    file.executable = (info.st_mode & 0100) != 0;
    GLEANER_TRY(file.sha256, hash_file(real.string()));
    return file;
}

Result<std::vector<EngineFile>> describe_directory(const fs::path& root) {
    std::vector<EngineFile> files;
    std::error_code failed;
    fs::recursive_directory_iterator at(root, failed);
    for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
        if (fs::is_directory(at->symlink_status())) continue;
        if (files.size() == manifest_files_max) {
            return Error(ErrorCode::too_large, root.string() + " has too many files: at most " +
                                                   std::to_string(manifest_files_max));
        }
        GLEANER_TRY(auto file, describe_file(root, at->path()));
        files.push_back(std::move(file));
    }
    if (failed) return error_from_errno("cannot read " + root.string(), failed.value());
    std::sort(files.begin(), files.end(),
              [](const EngineFile& a, const EngineFile& b) { return a.path < b.path; });
    return files;
}

/// The path of the one file called `name` or `name`.exe; empty when there is none or several.
std::string find_program(const std::vector<EngineFile>& files, const std::string& name) {
    std::string found;
    for (const EngineFile& file : files) {
        const std::string last = fs::path(file.path).filename().string();
        if (last != name && last != name + ".exe") continue;
        if (!found.empty()) return {};
        found = file.path;
    }
    return found;
}

Result<EngineManifest> describe_engine(const fs::path& root, const EngineFields& fields) {
    EngineManifest manifest{.name = fields.name,
                            .version = fields.version,
                            .backend = fields.backend,
                            .os = fields.os,
                            .arch = fields.arch,
                            .min_libc = fields.min_libc,
                            .min_driver = fields.min_driver,
                            .server_path = fields.server_path,
                            .bench_path = fields.bench_path,
                            .files = {}};
    GLEANER_TRY(manifest.files, describe_directory(root));
    if (manifest.server_path.empty()) {
        manifest.server_path = find_program(manifest.files, "llama-server");
    }
    if (manifest.server_path.empty()) {
        return Error(ErrorCode::invalid_argument,
                     root.string() + " holds no llama-server, or several: name it with --server");
    }
    if (manifest.bench_path.empty()) {
        manifest.bench_path = find_program(manifest.files, "llama-bench");
    }
    // Archives made on Windows carry no executable bits.
    for (EngineFile& file : manifest.files) {
        if (file.path.ends_with(".exe")) file.executable = true;
    }
    GLEANER_TRY(check_manifest(manifest));
    return manifest;
}

Status write_package(const fs::path& root, const EngineManifest& manifest, const SigningKey& key,
                     const std::string& out) {
    const std::string json = to_canonical_json(manifest);
    if (json.size() > manifest_bytes_max) {
        return Error(ErrorCode::too_large, "the manifest would be larger than 1 MiB");
    }
    GLEANER_TRY(auto writer, ArchiveWriter::create(out));
    GLEANER_TRY(writer.add_text(std::string(manifest_name), json));
    GLEANER_TRY(writer.add_text(std::string(signature_name), sign_manifest(json, key)));
    for (const EngineFile& file : manifest.files) {
        const ArchiveEntry entry{file.path, file.size_bytes, file.executable};
        GLEANER_TRY(writer.add_file(entry, (root / file.path).string()));
    }
    return writer.finish();
}

}  // namespace

Result<EngineManifest> pack_engine(const std::string& directory, const EngineFields& fields,
                                   const SigningKey& key, const std::string& out) {
    std::error_code failed;
    const fs::path root = fs::canonical(directory, failed);
    if (failed || !fs::is_directory(root)) {
        return Error(ErrorCode::not_found, directory + ": no such directory");
    }
    if (fs::exists(out, failed)) {
        return Error(ErrorCode::already_exists, out + " exists: remove it or choose another name");
    }
    GLEANER_TRY(auto manifest, describe_engine(root, fields));
    const auto finish = [&]() -> Status {
        GLEANER_TRY(write_package(root, manifest, key, out));
        GLEANER_TRY(verify_package(out, key.public_key()));
        return ok();
    };
    const Status finished = finish();
    if (!finished) {
        fs::remove(out, failed);
        return finished.error();
    }
    return manifest;
}

Result<EngineManifest> import_engine(const std::string& upstream_archive,
                                     const EngineFields& fields, const SigningKey& key,
                                     const std::string& out) {
    GLEANER_TRY(const auto directory, TemporaryDirectory::beside(out));
    GLEANER_TRY(unpack_foreign_archive(upstream_archive, directory.path()));
    return pack_engine(directory.path(), fields, key, out);
}

Result<EngineManifest> read_manifest(const std::string& archive, const PublicKey& key) {
    GLEANER_TRY(auto reader, ArchiveReader::open(archive));
    GLEANER_TRY(auto trusted, read_signed_manifest(reader, archive, key));
    return std::move(trusted.manifest);
}

Result<EngineManifest> verify_package(const std::string& archive, const PublicKey& key) {
    GLEANER_TRY(auto reader, ArchiveReader::open(archive));
    GLEANER_TRY(auto trusted, read_signed_manifest(reader, archive, key));
    GLEANER_TRY(check_all_files(reader, trusted.manifest, archive,
                                [](const EngineFile&) { return Result<ByteSink>(ByteSink()); }));
    return std::move(trusted.manifest);
}

Result<EngineManifest> unpack_verified(const std::string& archive, const std::string& destination,
                                       const PublicKey& key) {
    GLEANER_TRY(auto reader, ArchiveReader::open(archive));
    GLEANER_TRY(auto trusted, read_signed_manifest(reader, archive, key));
    GLEANER_TRY(auto directory, TemporaryDirectory::beside(destination));
    GLEANER_TRY(check_all_files(reader, trusted.manifest, archive, [&](const EngineFile& file) {
        return create_file(directory.path(), file);
    }));
    const fs::path root = directory.path();
    GLEANER_TRY(write_text((root / manifest_name).string(), trusted.json, 0644));
    GLEANER_TRY(write_text((root / signature_name).string(), trusted.signature, 0644));
    GLEANER_TRY(directory.keep_as(destination));
    return std::move(trusted.manifest);
}

}  // namespace gleaner
