#include "shared/tls/authority.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "shared/tls/private_file.h"
#include "shared/util/random.h"

namespace gleaner::tls {

struct Authority::Profile {
    std::string common_name;
    std::string organisation;
    Duration validity{};
    std::vector<std::pair<int, std::string>> extensions;  ///< NID, OpenSSL's text form
};

namespace {

constexpr Duration authority_validity = std::chrono::hours(24 * 3'652);
constexpr Duration clock_slack = 1h;
constexpr std::size_t request_bytes_max = 16 * 1024;

Status set_name(X509_NAME* name, const char* field, const std::string& value) {
    if (value.empty()) return ok();
    if (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(value.data()),
                                   static_cast<int>(value.size()), -1, 0) != 1) {
        return openssl_error(ErrorCode::invalid_argument,
                             "\"" + value + "\" cannot be a name in a certificate");
    }
    return ok();
}

Status set_random_serial(X509* certificate) {
    std::array<std::uint8_t, 16> bytes{};
    random_bytes(bytes);
    bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7fU) | 0x40U);  // positive, full length
    const Handle<BIGNUM> number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    if (!number ||
        BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
        return openssl_error(ErrorCode::internal, "cannot set a serial number");
    }
    return ok();
}

Status set_validity(X509* certificate, WallTime from, WallTime to) {
    if (ASN1_TIME_set(X509_getm_notBefore(certificate), static_cast<time_t>(from.seconds())) ==
            nullptr ||
        ASN1_TIME_set(X509_getm_notAfter(certificate), static_cast<time_t>(to.seconds())) ==
            nullptr) {
        return openssl_error(ErrorCode::internal, "cannot set the validity of a certificate");
    }
    return ok();
}

Status add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    if (extension == nullptr) {
        return openssl_error(ErrorCode::invalid_argument,
                             "\"" + value + "\" cannot stand in a certificate");
    }
    const int rc = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    if (rc != 1) return openssl_error(ErrorCode::internal, "cannot extend a certificate");
    return ok();
}

/// Every step but the signature, common to the authority's own and to issued certificates.
Result<Handle<X509>> new_certificate(EVP_PKEY* subject_key, WallTime from, WallTime to) {
    Handle<X509> certificate(X509_new());
    if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
        X509_set_pubkey(certificate.get(), subject_key) != 1) {
        return openssl_error(ErrorCode::internal, "cannot make a certificate");
    }
    GLEANER_TRY(set_random_serial(certificate.get()));
    GLEANER_TRY(set_validity(certificate.get(), from, to));
    return certificate;
}

Result<Handle<X509_REQ>> parse_request(std::string_view pem) {
    if (pem.size() > request_bytes_max) {
        return Error(ErrorCode::invalid_argument, "the certificate request is over 16 KiB");
    }
    const auto bio = bio_over(pem);
    Handle<X509_REQ> request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
    if (!request) {
        return openssl_error(ErrorCode::invalid_argument,
                             "the certificate request is no PKCS #10 request in PEM");
    }
    EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
    if (key == nullptr || !is_p256(key)) {
        return Error(ErrorCode::invalid_argument,
                     "the certificate request must carry an EC P-256 key");
    }
    if (X509_REQ_verify(request.get(), key) != 1) {
        return openssl_error(ErrorCode::invalid_argument,
                             "the certificate request is not signed by its own key");
    }
    return request;
}

Result<std::string> alternative_names(std::span<const std::string> names) {
    if (names.empty()) {
        return Error(ErrorCode::invalid_argument, "a server certificate needs at least one name");
    }
    std::string text;
    for (const auto& name : names) {
        // A comma or a control character would smuggle a second entry into OpenSSL's text form.
        const bool plain =
            !name.empty() && name.find_first_not_of(
                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789.-:*_") == std::string::npos;
        if (!plain || name.size() > 253) {
            return Error(ErrorCode::invalid_argument,
                         "\"" + name + "\" is no host name and no IP address");
        }
        boost::system::error_code not_an_address;
        boost::asio::ip::make_address(name, not_an_address);
        if (!text.empty()) text += ',';
        text += (not_an_address ? "DNS:" : "IP:") + name;
    }
    return text;
}

Result<std::string> read_text_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error(ErrorCode::not_found, "cannot read " + path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

Authority::Authority(KeyPair key, Handle<X509> certificate, std::string pem, const Clock& clock)
    : key_(std::move(key)),
      certificate_(std::move(certificate)),
      certificate_pem_(std::move(pem)),
      clock_(&clock) {}

Result<Authority> Authority::create(std::string_view name, const Clock& clock) {
    GLEANER_TRY(auto key, KeyPair::generate());
    const auto now = clock.wall();
    GLEANER_TRY(auto certificate,
                new_certificate(key.native(), now - clock_slack, now + authority_validity));
    auto* subject = X509_get_subject_name(certificate.get());
    GLEANER_TRY(set_name(subject, "CN", std::string(name) + " authority"));
    if (X509_set_issuer_name(certificate.get(), subject) != 1) {
        return openssl_error(ErrorCode::internal, "cannot name the authority");
    }
    const std::array<std::pair<int, const char*>, 3> extensions{
        {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
         {NID_key_usage, "critical,keyCertSign,cRLSign"},
         {NID_subject_key_identifier, "hash"}}};
    for (const auto& [nid, value] : extensions) {
        GLEANER_TRY(add_extension(certificate.get(), certificate.get(), nid, value));
    }
    if (X509_sign(certificate.get(), key.native(), EVP_sha256()) == 0) {
        return openssl_error(ErrorCode::internal, "cannot sign the authority's certificate");
    }
    GLEANER_TRY(auto pem, tls::certificate_pem(certificate.get()));
    return Authority(std::move(key), std::move(certificate), std::move(pem), clock);
}

Result<Authority> Authority::load(const std::string& certificate_path, const std::string& key_path,
                                  const Clock& clock) {
    GLEANER_TRY(auto key, KeyPair::load(key_path));
    GLEANER_TRY(auto pem, read_text_file(certificate_path));
    auto parsed = parse_certificate(pem);
    if (parsed.has_error()) return parsed.error().within(certificate_path);
    auto certificate = std::move(parsed).value();
    if (X509_check_private_key(certificate.get(), key.native()) != 1) {
        return openssl_error(ErrorCode::data_corrupt,
                             certificate_path + " and " + key_path + " do not belong together");
    }
    if (facts_of(certificate.get()).not_after <= clock.wall()) {
        return Error(ErrorCode::failed_precondition,
                     "the authority's certificate " + certificate_path +
                         " has expired: make a new one; every node has to enrol anew");
    }
    return Authority(std::move(key), std::move(certificate), std::move(pem), clock);
}

Status Authority::save(const std::string& certificate_path, const std::string& key_path) const {
    GLEANER_TRY(key_.save(key_path));
    return create_private_file(certificate_path, certificate_pem_);
}

Result<IssuedCertificate> Authority::issue(EVP_PKEY* subject_key, const Profile& profile) const {
    const auto now = clock_->wall();
    // Nothing outlives the authority: a chain with an expired issuer fails without a clear reason.
    const auto expires = std::min(now + profile.validity, facts_of(certificate_.get()).not_after);
    GLEANER_TRY(auto certificate, new_certificate(subject_key, now - clock_slack, expires));
    auto* subject = X509_get_subject_name(certificate.get());
    GLEANER_TRY(set_name(subject, "O", profile.organisation));
    GLEANER_TRY(set_name(subject, "CN", profile.common_name));
    if (X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get())) != 1) {
        return openssl_error(ErrorCode::internal, "cannot name the issuer");
    }
    for (const auto& [nid, value] : profile.extensions) {
        GLEANER_TRY(add_extension(certificate.get(), certificate_.get(), nid, value));
    }
    if (X509_sign(certificate.get(), key_.native(), EVP_sha256()) == 0) {
        return openssl_error(ErrorCode::internal, "cannot sign a certificate");
    }
    const auto facts = facts_of(certificate.get());
    GLEANER_TRY(auto pem, tls::certificate_pem(certificate.get()));
    return IssuedCertificate{
        .pem = std::move(pem), .serial = facts.serial, .expires = facts.not_after};
}

Result<IssuedCertificate> Authority::issue_server(const KeyPair& key,
                                                  std::span<const std::string> names,
                                                  Duration validity) const {
    GLEANER_TRY(auto alternative, alternative_names(names));
    // The names stand in the extension; a CN is bounded at 64 characters and no longer looked at.
    Profile profile{.common_name = "Gleaner coordinator", .organisation = "", .validity = validity};
    profile.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                          {NID_key_usage, "critical,digitalSignature"},
                          {NID_ext_key_usage, "serverAuth"},
                          {NID_authority_key_identifier, "keyid"},
                          {NID_subject_alt_name, std::move(alternative)}};
    return issue(key.native(), profile);
}

Result<IssuedCertificate> Authority::issue_node(std::string_view request_pem, const NodeId& node,
                                                const SiteId& site, Duration validity) const {
    GLEANER_TRY(const auto request, parse_request(request_pem));
    Profile profile{.common_name = node.get(), .organisation = site.get(), .validity = validity};
    profile.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                          {NID_key_usage, "critical,digitalSignature"},
                          {NID_ext_key_usage, "clientAuth"},
                          {NID_authority_key_identifier, "keyid"}};
    return issue(X509_REQ_get0_pubkey(request.get()), profile);
}

}  // namespace gleaner::tls
