#pragma once
/// Ed25519 release keys. The private half lives in one PEM file (0600) away from the coordinator;
/// the public half travels as text and is pinned by nodes at enrolment.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shared/util/result.h"

namespace gleaner {

using Ed25519Signature = std::array<std::uint8_t, 64>;

/// The public half. A plain value.
class PublicKey {
public:
    /// Accepts what text() gives, "ed25519:" + 64 hex characters; also bare hex or bare base64.
    [[nodiscard]] static Result<PublicKey> from_text(std::string_view text);
    explicit PublicKey(const std::array<std::uint8_t, 32>& raw) : raw_(raw) {}

    [[nodiscard]] const std::array<std::uint8_t, 32>& raw() const { return raw_; }
    /// "ed25519:" + 64 lower-case hex characters: safe in shells, TOML and URLs.
    [[nodiscard]] std::string text() const;
    /// The first 16 hex characters of the raw key's SHA-256: for people and for "which key?".
    [[nodiscard]] std::string fingerprint() const;
    /// The whole SHA-256, 64 hex characters: what enrolment tokens carry.
    [[nodiscard]] std::string pin() const;
    /// True when `signature` was made over `message` by this key's private half.
    [[nodiscard]] bool verifies(std::string_view message, const Ed25519Signature& signature) const;

    friend bool operator==(const PublicKey&, const PublicKey&) = default;

private:
    std::array<std::uint8_t, 32> raw_{};
};

/// A private key in memory; wiped by OpenSSL when destroyed. Movable. Never logged.
class SigningKey {
public:
    [[nodiscard]] static SigningKey generate();
    /// Refuses a file that others can read (permission_denied, says `chmod 600`) and anything
    /// but an unencrypted Ed25519 PEM (data_corrupt).
    [[nodiscard]] static Result<SigningKey> load(const std::string& path);
    ~SigningKey();
    SigningKey(SigningKey&&) noexcept;
    SigningKey& operator=(SigningKey&&) noexcept;

    /// Writes PKCS#8 PEM with mode 0600 into a new file; already_exists when there is one.
    [[nodiscard]] Status save(const std::string& path) const;
    [[nodiscard]] Ed25519Signature sign(std::string_view message) const;
    [[nodiscard]] PublicKey public_key() const;

private:
    struct Handle;
    explicit SigningKey(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

}  // namespace gleaner
