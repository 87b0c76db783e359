#include "client-core/runtime/credentials.h"

#include <array>
#include <utility>

#include "shared/tls/certificate.h"
#include "shared/tls/private_file.h"
#include "shared/util/log.h"

namespace gleaner {

namespace fs = std::filesystem;

namespace {

constexpr const char* key_file = "node.key";
constexpr const char* certificate_file = "node.crt";
constexpr const char* authority_file = "authority.crt";
constexpr const char* release_key_file = "release.pub";
constexpr const char* hardware_file = "hardware.sha256";
// The order of erasing: first what is worth stealing, then what makes the identity count as there.
constexpr std::array erased_files{key_file, certificate_file, authority_file, hardware_file};

/// Replaces `path` as a whole: a crash leaves the old file or the new one.
Status replace_private_file(const fs::path& path, std::string_view content) {
    const fs::path fresh = path.string() + ".new";
    std::error_code error;
    fs::remove(fresh, error);
    GLEANER_TRY(tls::create_private_file(fresh.string(), content));
    fs::rename(fresh, path, error);
    if (error) return error_from_errno("cannot replace " + path.string(), error.value());
    return ok();
}

Error damaged(const fs::path& folder, const Error& cause) {
    return Error(ErrorCode::data_corrupt, cause.message())
        .within("the node's identity in " + folder.string() +
                " is damaged; run `gleaner-node enrol` with the site's token");
}

}  // namespace

Credentials::Credentials(tls::KeyPair key, std::string certificate_pem, std::string authority_pem,
                         PublicKey release_key, std::string hardware_fingerprint)
    : key_(std::move(key)),
      certificate_pem_(std::move(certificate_pem)),
      authority_pem_(std::move(authority_pem)),
      release_key_(release_key),
      fingerprint_(std::move(hardware_fingerprint)) {
    // An unreadable certificate has expired: every use of it leads to a new enrolment.
    (void)read_facts();
}

Status Credentials::read_facts() {
    GLEANER_TRY(const auto facts, tls::certificate_facts(certificate_pem_));
    if (facts.common_name.empty() || facts.organisation.empty()) {
        return Error(ErrorCode::data_corrupt, "the certificate names no node and site");
    }
    node_ = NodeId(facts.common_name);
    site_ = SiteId(facts.organisation);
    expires_ = facts.not_after;
    return ok();
}

Result<std::optional<Credentials>> Credentials::load(const fs::path& folder) {
    std::error_code error;
    if (!fs::exists(folder / certificate_file, error)) return std::optional<Credentials>{};
    auto key = tls::KeyPair::load((folder / key_file).string());
    if (!key) {
        if (key.error().code() == ErrorCode::permission_denied) return key.error();
        return damaged(folder, key.error());
    }
    std::array<std::string, 4> texts;
    const std::array names{certificate_file, authority_file, release_key_file, hardware_file};
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto text = tls::read_private_file((folder / names[i]).string());
        if (!text) return damaged(folder, text.error());
        texts[i] = std::move(text).value();
    }
    const auto release_key = PublicKey::from_text(texts[2]);
    if (!release_key) return damaged(folder, release_key.error());
    Credentials credentials(std::move(key).value(), texts[0], texts[1], release_key.value(),
                            texts[3]);
    const Status facts = credentials.read_facts();
    if (!facts) return damaged(folder, facts.error());
    return std::optional<Credentials>(std::move(credentials));
}

std::optional<PublicKey> Credentials::kept_release_key(const fs::path& folder) {
    const auto text = tls::read_private_file((folder / release_key_file).string());
    if (!text && text.error().code() == ErrorCode::not_found) return std::nullopt;
    const auto key = text ? PublicKey::from_text(text.value()) : Result<PublicKey>(text.error());
    if (key) return key.value();
    spdlog::warn("event=release_key_unreadable folder={} why=\"{}\"", folder.string(),
                 key.error().message());
    return std::nullopt;
}

Status Credentials::save(const fs::path& folder) const {
    std::error_code error;
    fs::create_directories(folder, error);
    fs::permissions(folder, fs::perms::owner_all, error);
    erase(folder);
    GLEANER_TRY(key_.save((folder / key_file).string()));
    GLEANER_TRY(replace_private_file(folder / authority_file, authority_pem_));
    GLEANER_TRY(replace_private_file(folder / release_key_file, release_key_.text()));
    GLEANER_TRY(replace_private_file(folder / hardware_file, fingerprint_));
    return replace_private_file(folder / certificate_file, certificate_pem_);
}

void Credentials::erase(const fs::path& folder) {
    std::error_code ignored;
    for (const char* name : erased_files) fs::remove(folder / name, ignored);
}

Status Credentials::renew(const fs::path& folder, std::string certificate_pem) {
    GLEANER_TRY(const auto facts, tls::certificate_facts(certificate_pem));
    if (NodeId(facts.common_name) != node_ || facts.not_after <= expires_) {
        return Error(ErrorCode::data_corrupt,
                     "the renewed certificate is for another node or does not last longer");
    }
    GLEANER_TRY(const std::string pin, tls::certificate_pin(certificate_pem));
    if (pin != key_.pin()) {
        return Error(ErrorCode::data_corrupt, "the renewed certificate is for another key");
    }
    certificate_pem_ = std::move(certificate_pem);
    GLEANER_TRY(read_facts());
    return replace_private_file(folder / certificate_file, certificate_pem_);
}

}  // namespace gleaner
