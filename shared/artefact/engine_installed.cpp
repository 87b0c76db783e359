#include <filesystem>
#include <fstream>
#include <set>
#include <sys/stat.h>

#include "shared/artefact/engine_package.h"
#include "shared/artefact/sha256.h"

namespace gleaner {

namespace {

namespace fs = std::filesystem;

Error corrupt(const std::string& message) {
    return {ErrorCode::data_corrupt, message + ": install the engine again"};
}

Result<std::string> read_text(const fs::path& path, std::size_t bytes_max) {
    std::error_code failed;
    if (!fs::is_regular_file(fs::symlink_status(path, failed))) {
        return corrupt(path.string() + " is missing");
    }
    if (fs::file_size(path, failed) > bytes_max || failed) {
        return corrupt(path.string() + " is too large");
    }
    std::ifstream in(path, std::ios::binary);
    std::string text(bytes_max + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

Status check_installed_file(const fs::path& root, const EngineFile& file) {
    const std::string path = (root / file.path).string();
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return corrupt(path + " is missing");
    if (!S_ISREG(info.st_mode)) return corrupt(path + " is not a plain file");
    if (static_cast<std::uint64_t>(info.st_size) != file.size_bytes) {
        return corrupt(path + " has another size than its manifest says");
    }
    if (((info.st_mode & 0100) != 0) != file.executable) {
        return corrupt(path + " has another mode than its manifest says");
    }
    GLEANER_TRY(const Sha256 hash, hash_file(path));
    if (hash != file.sha256) return corrupt(path + " was changed (wrong hash)");
    return ok();
}

Status check_nothing_added(const fs::path& root, const EngineManifest& manifest) {
    std::set<std::string> known{"manifest.json", "manifest.sig"};
    for (const EngineFile& file : manifest.files) known.insert(file.path);
    std::error_code failed;
    fs::recursive_directory_iterator at(root, failed);
    for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
        if (fs::is_directory(at->symlink_status())) continue;
        if (!known.contains(at->path().lexically_relative(root).generic_string())) {
            return corrupt(at->path().string() + " does not belong to the engine");
        }
    }
    if (failed) return error_from_errno("cannot read " + root.string(), failed.value());
    return ok();
}

}  // namespace

Result<EngineManifest> verify_unpacked(const std::string& directory, const PublicKey& key) {
    const fs::path root = directory;
    GLEANER_TRY(const auto json, read_text(root / "manifest.json", manifest_bytes_max));
    GLEANER_TRY(const auto signature, read_text(root / "manifest.sig", 1024));
    const Status verified = verify_manifest(json, signature, key);
    if (!verified) return verified.error().within(directory);
    auto manifest = parse_manifest(json);
    if (!manifest) return manifest.error().within(directory);
    for (const EngineFile& file : manifest.value().files) {
        GLEANER_TRY(check_installed_file(root, file));
    }
    GLEANER_TRY(check_nothing_added(root, manifest.value()));
    return manifest;
}

}  // namespace gleaner
