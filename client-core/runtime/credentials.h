#pragma once
/// A node's identity on disk: key, certificate, the authority and the release key it pins, and the
/// machine it was made on. In the data folder, readable by the owner only.

#include <filesystem>
#include <optional>
#include <string>

#include "shared/artefact/signing_key.h"
#include "shared/model/ids.h"
#include "shared/tls/key_pair.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

class Credentials {
public:
    /// A new identity from the coordinator's answer.
    Credentials(tls::KeyPair key, std::string certificate_pem, std::string authority_pem,
                PublicKey release_key, std::string hardware_fingerprint);

    /// Nothing when this folder holds no identity. Errors: those of KeyPair::load; data_corrupt
    /// when a file is damaged (says which, and to enrol anew).
    [[nodiscard]] static Result<std::optional<Credentials>> load(
        const std::filesystem::path& folder);
    /// The release key that this folder's identity pins or, erased, has pinned; nothing when there
    /// was none, or when its file is damaged (logged: the token's pin then stands alone).
    [[nodiscard]] static std::optional<PublicKey> kept_release_key(
        const std::filesystem::path& folder);
    /// Replaces what is there. The certificate is written last: without it there is no identity.
    [[nodiscard]] Status save(const std::filesystem::path& folder) const;
    /// Forgets the identity; the private key goes first. The release key stays pinned: what the
    /// coordinator says must not make a machine trust another.
    static void erase(const std::filesystem::path& folder);

    /// A renewed certificate for the same key; it must be for this node. Written at once.
    [[nodiscard]] Status renew(const std::filesystem::path& folder, std::string certificate_pem);

    [[nodiscard]] const tls::KeyPair& key() const { return key_; }
    [[nodiscard]] const std::string& certificate_pem() const { return certificate_pem_; }
    [[nodiscard]] const std::string& authority_pem() const { return authority_pem_; }
    [[nodiscard]] const PublicKey& release_key() const { return release_key_; }
    [[nodiscard]] const std::string& hardware_fingerprint() const { return fingerprint_; }
    [[nodiscard]] const NodeId& node() const { return node_; }
    [[nodiscard]] const SiteId& site() const { return site_; }
    [[nodiscard]] WallTime expires() const { return expires_; }

private:
    [[nodiscard]] Status read_facts();

    tls::KeyPair key_;
    std::string certificate_pem_;
    std::string authority_pem_;
    PublicKey release_key_;
    std::string fingerprint_;
    NodeId node_;
    SiteId site_;
    WallTime expires_;
};

}  // namespace gleaner
