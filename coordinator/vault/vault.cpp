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

Status Vault::add_key() {
    return replace(ring_->with_new_key());
}

Status Vault::keep_only(const std::set<std::string>& ids) {
    return replace(ring_->with_only(ids));
}

Status Vault::replace(KeyRing ring) {
    GLEANER_TRY(tls::replace_private_file(file_.string(), ring.text()));
    ring_ = std::make_shared<const KeyRing>(std::move(ring));
    return ok();
}

}  // namespace gleaner::vault
