/// Engine manifests and signatures before they are trusted. What parses must be canonical, and no
/// foreign text may ever verify.

#include <array>
#include <cstdint>
#include <cstdlib>

#include "shared/artefact/engine_manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const gleaner::PublicKey key(std::array<std::uint8_t, 32>{0x58, 1, 2});
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const auto manifest = gleaner::parse_manifest(text);
    if (manifest) {
        if (gleaner::to_canonical_json(manifest.value()) != text) std::abort();
        for (const auto& file : manifest.value().files) {
            if (!gleaner::is_safe_relative_path(file.path)) std::abort();
        }
    }
    if (gleaner::verify_manifest("{}", text, key)) std::abort();
    if (gleaner::PublicKey::from_text(text)) return 0;
    return 0;
}
