#include "coordinator/vault/vault.h"

#include "shared/tls/private_file.h"

namespace gleaner::vault {

namespace fs = std::filesystem;

Result<Vault> Vault::open(const fs::path& file) {
    auto text = tls::read_private_file(file.string());
    if (text.has_value()) {
        auto ring = KeyRing::parse(text.value());
        if (ring.has_error()) return ring.error().within(file.string());
        return Vault(file, std::move(ring).value(), false);
    }
    if (text.error().code() != ErrorCode::not_found) return std::move(text).error();
    auto ring = KeyRing::generate();
    GLEANER_TRY(tls::create_private_file(file.string(), ring.text()));
    return Vault(file, std::move(ring), true);
}

Status Vault::save(const KeyRing& ring) const {
    return tls::replace_private_file(file_.string(), ring.text());
}

}  // namespace gleaner::vault
