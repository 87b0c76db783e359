#include "shared/artefact/engine_manifest.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json.hpp>
#include <openssl/evp.h>

#include "shared/artefact/sha256.h"

namespace gleaner {

namespace {

namespace json = boost::json;

constexpr std::array<std::pair<EngineBackend, std::string_view>, 8> backend_names{{
    {EngineBackend::cpu, "cpu"},
    {EngineBackend::cuda, "cuda"},
    {EngineBackend::vulkan, "vulkan"},
    {EngineBackend::rocm, "rocm"},
    {EngineBackend::sycl, "sycl"},
    {EngineBackend::metal, "metal"},
    {EngineBackend::cann, "cann"},
    {EngineBackend::musa, "musa"},
}};

Error corrupt(const std::string& why) {
    return {ErrorCode::data_corrupt, "engine manifest: " + why};
}

Error invalid(const std::string& why) {
    return {ErrorCode::invalid_argument, "engine manifest: " + why};
}

bool is_word(std::string_view text, std::size_t bytes_max) {
    return text.size() <= bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '.' || c == '_' || c == '-' || c == '+';
           });
}

/// Reads the members of one JSON object by name and counts them, so that a leftover is noticed.
class ObjectReader {
public:
    explicit ObjectReader(const json::object& object) : object_(object) {}

    Result<std::string> text(std::string_view key) {
        const json::value* value = member(key);
        if (value == nullptr || !value->is_string()) return wrong(key, "a string");
        return std::string(value->get_string());
    }
    Result<bool> boolean(std::string_view key) {
        const json::value* value = member(key);
        if (value == nullptr || !value->is_bool()) return wrong(key, "true or false");
        return value->get_bool();
    }
    Result<std::uint64_t> size(std::string_view key) {
        const json::value* value = member(key);
        if (value == nullptr || !value->is_int64() || value->get_int64() < 0) {
            return wrong(key, "a size in bytes");
        }
        return static_cast<std::uint64_t>(value->get_int64());
    }
    Result<const json::array*> array(std::string_view key) {
        const json::value* value = member(key);
        if (value == nullptr || !value->is_array()) return wrong(key, "a list");
        return &value->get_array();
    }
    [[nodiscard]] Status no_more() const {
        if (object_.size() != seen_) return corrupt("it has a key that this version does not know");
        return ok();
    }

private:
    const json::value* member(std::string_view key) {
        const json::value* value = object_.if_contains(key);
        if (value != nullptr) ++seen_;
        return value;
    }
    static Error wrong(std::string_view key, std::string_view expected) {
        return corrupt("\"" + std::string(key) + "\" must be " + std::string(expected));
    }

    const json::object& object_;
    std::size_t seen_ = 0;
};

Result<EngineFile> file_from(const json::value& value) {
    if (!value.is_object()) return corrupt("a file entry is not an object");
    ObjectReader reader(value.get_object());
    EngineFile file;
    GLEANER_TRY(file.executable, reader.boolean("executable"));
    GLEANER_TRY(file.path, reader.text("path"));
    GLEANER_TRY(auto hash, reader.text("sha256"));
    GLEANER_TRY(file.sha256, parse_sha256(hash));
    GLEANER_TRY(file.size_bytes, reader.size("size"));
    GLEANER_TRY(reader.no_more());
    return file;
}

Result<EngineManifest> manifest_from(const json::object& object) {
    ObjectReader reader(object);
    EngineManifest manifest;
    GLEANER_TRY(manifest.arch, reader.text("arch"));
    GLEANER_TRY(auto backend, reader.text("backend"));
    GLEANER_TRY(manifest.backend, parse_engine_backend(backend));
    GLEANER_TRY(manifest.bench_path, reader.text("bench_path"));
    GLEANER_TRY(manifest.min_driver, reader.text("min_driver"));
    GLEANER_TRY(manifest.min_libc, reader.text("min_libc"));
    GLEANER_TRY(manifest.name, reader.text("name"));
    GLEANER_TRY(manifest.os, reader.text("os"));
    GLEANER_TRY(manifest.server_path, reader.text("server_path"));
    GLEANER_TRY(manifest.version, reader.text("version"));
    GLEANER_TRY(const json::array* files, reader.array("files"));
    GLEANER_TRY(reader.no_more());
    if (files->size() > manifest_files_max) {
        return Error(ErrorCode::too_large,
                     "engine manifest: more than " + std::to_string(manifest_files_max) + " files");
    }
    for (const json::value& value : *files) {
        GLEANER_TRY(auto file, file_from(value));
        manifest.files.push_back(std::move(file));
    }
    return manifest;
}

Status check_words(const EngineManifest& manifest) {
    const std::array<std::pair<std::string_view, const std::string*>, 4> needed{{
        {"name", &manifest.name},
        {"version", &manifest.version},
        {"os", &manifest.os},
        {"arch", &manifest.arch},
    }};
    for (const auto& [key, value] : needed) {
        if (value->empty()) return invalid(std::string(key) + " is empty");
    }
    const std::array<std::pair<std::string_view, const std::string*>, 6> words{{
        needed[0],
        needed[1],
        needed[2],
        needed[3],
        {"min_libc", &manifest.min_libc},
        {"min_driver", &manifest.min_driver},
    }};
    for (const auto& [key, value] : words) {
        if (!is_word(*value, 64)) {
            return invalid(std::string(key) +
                           " may have at most 64 letters, digits and the characters . _ - +");
        }
    }
    return ok();
}

Status check_files(const EngineManifest& manifest) {
    if (manifest.files.empty()) return invalid("no files");
    if (manifest.files.size() > manifest_files_max) {
        return Error(ErrorCode::too_large,
                     "engine manifest: " + std::to_string(manifest.files.size()) +
                         " files, at most " + std::to_string(manifest_files_max) + " are allowed");
    }
    std::uint64_t total = 0;
    const EngineFile* previous = nullptr;
    for (const EngineFile& file : manifest.files) {
        if (!is_safe_relative_path(file.path)) {
            return invalid("\"" + file.path.substr(0, 64) +
                           "\" is not a plain relative path below the package");
        }
        if (file.path == "manifest.json" || file.path == "manifest.sig") {
            return invalid(file.path + " is a reserved name");
        }
        if (previous != nullptr && previous->path >= file.path) {
            return invalid("files are not sorted, or listed twice, at " + file.path);
        }
        GLEANER_TRY(parse_sha256(file.sha256.get()));
        total += file.size_bytes;
        if (file.size_bytes > engine_file_bytes_max || total > engine_total_bytes_max) {
            return Error(ErrorCode::too_large, "engine manifest: " + file.path + " is too large");
        }
        previous = &file;
    }
    return ok();
}

Status check_entry_point(const EngineManifest& manifest, const std::string& path,
                         std::string_view role) {
    const auto found = std::find_if(manifest.files.begin(), manifest.files.end(),
                                    [&](const EngineFile& file) { return file.path == path; });
    if (found == manifest.files.end()) {
        return invalid(std::string(role) + " \"" + path.substr(0, 64) +
                       "\" is not among the files");
    }
    if (!found->executable) {
        return invalid(std::string(role) + " " + path + " is not executable: chmod +x it");
    }
    return ok();
}

}  // namespace

std::string_view to_string(EngineBackend backend) {
    for (const auto& [value, name] : backend_names) {
        if (value == backend) return name;
    }
    return "cpu";
}

Result<EngineBackend> parse_engine_backend(std::string_view text) {
    for (const auto& [value, name] : backend_names) {
        if (name == text) return value;
    }
    return Error(ErrorCode::invalid_argument,
                 "unknown backend \"" + std::string(text.substr(0, 32)) +
                     "\": use cpu, cuda, vulkan, rocm, sycl, metal, cann or musa");
}

bool is_safe_relative_path(std::string_view path) {
    if (path.empty() || path.size() > manifest_path_bytes_max) return false;
    const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
        return c > ' ' && c <= '~' && c != '\\' && c != ':';
    });
    if (!plain) return false;
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

Status check_manifest(const EngineManifest& manifest) {
    GLEANER_TRY(check_words(manifest));
    GLEANER_TRY(check_files(manifest));
    GLEANER_TRY(check_entry_point(manifest, manifest.server_path, "server_path"));
    if (!manifest.bench_path.empty()) {
        GLEANER_TRY(check_entry_point(manifest, manifest.bench_path, "bench_path"));
    }
    return ok();
}

std::string to_canonical_json(const EngineManifest& manifest) {
    json::array files;
    for (const EngineFile& file : manifest.files) {
        files.push_back(json::object{{"executable", file.executable},
                                     {"path", file.path},
                                     {"sha256", file.sha256.get()},
                                     {"size", static_cast<std::int64_t>(file.size_bytes)}});
    }
    const json::object object{{"arch", manifest.arch},
                              {"backend", to_string(manifest.backend)},
                              {"bench_path", manifest.bench_path},
                              {"files", std::move(files)},
                              {"min_driver", manifest.min_driver},
                              {"min_libc", manifest.min_libc},
                              {"name", manifest.name},
                              {"os", manifest.os},
                              {"server_path", manifest.server_path},
                              {"version", manifest.version}};
    return json::serialize(object);
}

Result<EngineManifest> parse_manifest(std::string_view text) {
    if (text.size() > manifest_bytes_max) {
        return Error(ErrorCode::too_large, "engine manifest: larger than 1 MiB");
    }
    boost::system::error_code failed;
    const json::value value = json::parse(text, failed);
    if (failed || !value.is_object()) return corrupt("not a JSON object");
    auto manifest = manifest_from(value.get_object());
    if (!manifest) return std::move(manifest).error();
    GLEANER_TRY(check_manifest(manifest.value()));
    if (to_canonical_json(manifest.value()) != text) {
        return corrupt("it is not in canonical form (sorted keys, each once, no spaces)");
    }
    return manifest;
}

std::string sign_manifest(std::string_view manifest_json, const SigningKey& key) {
    const Ed25519Signature signature = key.sign(manifest_json);
    std::array<unsigned char, 96> base64{};
    const int size =
        EVP_EncodeBlock(base64.data(), signature.data(), static_cast<int>(signature.size()));
    const std::string_view text(reinterpret_cast<const char*>(base64.data()),
                                static_cast<std::size_t>(size));
    return json::serialize(
        json::object{{"key", key.public_key().fingerprint()}, {"signature", text}});
}

Status verify_manifest(std::string_view manifest_json, std::string_view signature_text,
                       const PublicKey& key) {
    if (signature_text.size() > 1024) return corrupt("manifest.sig is larger than 1 KiB");
    boost::system::error_code failed;
    const json::value value = json::parse(signature_text, failed);
    if (failed || !value.is_object()) return corrupt("manifest.sig is not a JSON object");
    ObjectReader reader(value.get_object());
    GLEANER_TRY(const std::string named, reader.text("key"));
    GLEANER_TRY(const std::string base64, reader.text("signature"));
    GLEANER_TRY(reader.no_more());
    if (named != key.fingerprint()) {
        return corrupt("signed by key \"" + named.substr(0, 16) + "\", but only key " +
                       key.fingerprint() + " is trusted here");
    }
    // 64 bytes are 88 characters, the last two of which are padding.
    std::array<unsigned char, 66> bytes{};
    const bool decoded =
        base64.size() == 88 && base64[85] != '=' && base64[86] == '=' && base64[87] == '=' &&
        EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(base64.data()), 88) ==
            66;
    Ed25519Signature signature{};
    std::copy_n(bytes.begin(), signature.size(), signature.begin());
    if (!decoded || !key.verifies(manifest_json, signature)) {
        return corrupt("the signature is wrong: the manifest was changed after signing");
    }
    return ok();
}

}  // namespace gleaner
