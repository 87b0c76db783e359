#pragma once
/// What an engine package is and holds, as canonical JSON under a detached signature.
/// The signature is made with the platform's release key, which the coordinator never has.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/artefact/signing_key.h"
#include "shared/model/ids.h"
#include "shared/util/result.h"

namespace gleaner {

/// What ggml computes with in this package.
enum class EngineBackend : std::uint8_t { cpu, cuda, vulkan, rocm, sycl, metal, cann, musa };
[[nodiscard]] std::string_view to_string(EngineBackend backend);
[[nodiscard]] Result<EngineBackend> parse_engine_backend(std::string_view text);

inline constexpr std::size_t manifest_bytes_max = 1u << 20;
inline constexpr std::size_t manifest_files_max = 4096;
inline constexpr std::size_t manifest_path_bytes_max = 240;
inline constexpr std::uint64_t engine_file_bytes_max = 8ull << 30;
inline constexpr std::uint64_t engine_total_bytes_max = 32ull << 30;

/// One regular file of the package.
struct EngineFile {
    std::string path;  ///< relative, '/' between parts, no "." or ".." part
    std::uint64_t size_bytes = 0;
    Sha256 sha256;
    bool executable = false;

    friend bool operator==(const EngineFile&, const EngineFile&) = default;
};

struct EngineManifest {
    std::string name;     ///< "llama.cpp"
    std::string version;  ///< "0.5.0"
    EngineBackend backend = EngineBackend::cpu;
    std::string os;                 ///< "linux", "windows", "macos"
    std::string arch;               ///< "x86_64", "aarch64", …
    std::string min_libc;           ///< "2.36"; empty: does not matter
    std::string min_driver;         ///< of the backend's device; empty: does not matter
    std::string server_path;        ///< llama-server, one of `files`
    std::string bench_path;         ///< llama-bench, one of `files`; empty: the package has none
    std::vector<EngineFile> files;  ///< sorted by path, each path once

    friend bool operator==(const EngineManifest&, const EngineManifest&) = default;
};

/// Bounds, path rules, order, entry points. invalid_argument naming the field or file.
[[nodiscard]] Status check_manifest(const EngineManifest& manifest);

/// The only JSON form of a manifest: sorted keys, no spaces. Same manifest, same bytes.
[[nodiscard]] std::string to_canonical_json(const EngineManifest& manifest);

/// Strict: refuses unknown or missing keys, wrong types, any other spelling than the canonical
/// one (so also duplicate keys), and what check_manifest refuses. data_corrupt or too_large.
[[nodiscard]] Result<EngineManifest> parse_manifest(std::string_view json);

/// The text of `manifest.sig`: JSON with the base64 signature and the key's fingerprint.
[[nodiscard]] std::string sign_manifest(std::string_view manifest_json, const SigningKey& key);

/// Does `signature_text` hold for these very bytes under `key`? data_corrupt otherwise; a
/// signature by another key says which key it names.
[[nodiscard]] Status verify_manifest(std::string_view manifest_json,
                                     std::string_view signature_text, const PublicKey& key);

/// A path that may be created below a directory: relative, at most 240 bytes, printable ASCII
/// without '\\' and ':', no empty, "." or ".." part.
[[nodiscard]] bool is_safe_relative_path(std::string_view path);

}  // namespace gleaner
