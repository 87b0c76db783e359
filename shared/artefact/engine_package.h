#pragma once
/// Engine packages: a .tar.zst whose first two entries are manifest.json and manifest.sig, followed
/// by exactly the manifest's files. Nothing is believed before the signature holds, and nothing is
/// kept unless every file does. All calls block on the disk.

#include <string>

#include "shared/artefact/engine_manifest.h"
#include "shared/artefact/signing_key.h"
#include "shared/util/result.h"

namespace gleaner {

/// What a packer says about an engine; the rest of the manifest is found in the directory.
struct EngineFields {
    std::string name;
    std::string version;
    EngineBackend backend = EngineBackend::cpu;
    std::string os;
    std::string arch;
    std::string min_libc;
    std::string min_driver;
    std::string server_path;  ///< empty: the one file named llama-server or llama-server.exe
    std::string bench_path;   ///< empty: the one named llama-bench[.exe], if there is one
};

/// Packs every file below `directory`, signs, and checks the result by reading it back. Symbolic
/// links to files inside (libfoo.so → libfoo.so.1) become copies. `out` must not exist; it is
/// removed on failure. The same directory, fields and key give the same bytes.
[[nodiscard]] Result<EngineManifest> pack_engine(const std::string& directory,
                                                 const EngineFields& fields, const SigningKey& key,
                                                 const std::string& out);

/// Packs an upstream release archive (.zip, .tar.gz, …) as it is, by way of a temporary directory
/// beside `out`.
[[nodiscard]] Result<EngineManifest> import_engine(const std::string& upstream_archive,
                                                   const EngineFields& fields,
                                                   const SigningKey& key, const std::string& out);

/// The manifest, after its signature was verified. Reads only the first two entries.
[[nodiscard]] Result<EngineManifest> read_manifest(const std::string& archive,
                                                   const PublicKey& key);

/// read_manifest, then every file's presence, size, mode and hash. Writes nothing.
[[nodiscard]] Result<EngineManifest> verify_package(const std::string& archive,
                                                    const PublicKey& key);

/// Unpacks into a temporary directory beside `destination`, verifying as it goes, and renames it at
/// the end. Any failure names the file and leaves nothing behind. already_exists when
/// `destination` is there and not empty.
[[nodiscard]] Result<EngineManifest> unpack_verified(const std::string& archive,
                                                     const std::string& destination,
                                                     const PublicKey& key);

/// Checks an unpacked engine again, as the node does at each start: signature, every file's hash
/// and mode, no file added, no link.
[[nodiscard]] Result<EngineManifest> verify_unpacked(const std::string& directory,
                                                     const PublicKey& key);

}  // namespace gleaner
