#pragma once
/// The private keys of this program: EC P-256. A key never leaves the machine that made it.

#include <string>
#include <string_view>

#include "shared/tls/openssl_handles.h"
#include "shared/util/result.h"

namespace gleaner::tls {

/// One key. Movable; used from one thread at a time.
class KeyPair {
public:
    [[nodiscard]] static Result<KeyPair> generate();
    /// Reads a PEM file. Errors: not_found; permission_denied when others than the owner can read
    /// the file (says `chmod 600`); data_corrupt when it is not an EC P-256 key.
    [[nodiscard]] static Result<KeyPair> load(const std::string& path);

    /// Writes PEM to a new file of mode 0600. Errors: already_exists (never overwrites: a replaced
    /// key makes every certificate of the old one worthless), disk_full, io_failed.
    [[nodiscard]] Status save(const std::string& path) const;

    /// A certificate signing request in PEM. The authority takes only the public key from it.
    [[nodiscard]] Result<std::string> signing_request(std::string_view common_name) const;

    /// SHA-256 of the public key (SubjectPublicKeyInfo), 64 hex characters.
    [[nodiscard]] std::string pin() const;

    /// Borrowed; valid as long as this object.
    [[nodiscard]] EVP_PKEY* native() const { return key_.get(); }

private:
    explicit KeyPair(Handle<EVP_PKEY> key) : key_(std::move(key)) {}
    Handle<EVP_PKEY> key_;
};

/// SHA-256 of a public key's SubjectPublicKeyInfo, 64 hex characters.
[[nodiscard]] std::string public_key_pin(EVP_PKEY* key);
/// True for an EC key on P-256, the only kind this program uses.
[[nodiscard]] bool is_p256(EVP_PKEY* key);

}  // namespace gleaner::tls
