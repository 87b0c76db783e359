#include "shared/tls/key_pair.h"

#include <array>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "shared/tls/private_file.h"
#include "shared/util/check.h"
#include "shared/util/hex.h"

namespace gleaner::tls {

Result<KeyPair> KeyPair::generate() {
    Handle<EVP_PKEY> key(EVP_EC_gen("P-256"));
    if (!key) return openssl_error(ErrorCode::internal, "cannot make an EC P-256 key");
    return KeyPair(std::move(key));
}

Result<KeyPair> KeyPair::load(const std::string& path) {
    GLEANER_TRY(const auto pem, read_private_file(path));
    const auto bio = bio_over(pem);
    Handle<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    if (!key) return openssl_error(ErrorCode::data_corrupt, path + " holds no private key in PEM");
    if (!is_p256(key.get())) {
        return Error(ErrorCode::data_corrupt, path + " is not an EC P-256 key: make a new one");
    }
    return KeyPair(std::move(key));
}

Status KeyPair::save(const std::string& path) const {
    Handle<BIO> bio(BIO_new(BIO_s_secmem()));
    if (!bio || PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                         nullptr) != 1) {
        return openssl_error(ErrorCode::internal, "cannot write the key as PEM");
    }
    return create_private_file(path, text_of(bio.get()));
}

Result<std::string> KeyPair::signing_request(std::string_view common_name) const {
    Handle<X509_REQ> request(X509_REQ_new());
    auto* name = X509_REQ_get_subject_name(request.get());
    const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
    if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text,
                                   static_cast<int>(common_name.size()), -1, 0) != 1 ||
        X509_REQ_set_pubkey(request.get(), key_.get()) != 1 ||
        X509_REQ_sign(request.get(), key_.get(), EVP_sha256()) == 0) {
        return openssl_error(ErrorCode::invalid_argument, "cannot make a signing request");
    }
    Handle<BIO> bio(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509_REQ(bio.get(), request.get()) != 1) {
        return openssl_error(ErrorCode::internal, "cannot write the signing request");
    }
    return text_of(bio.get());
}

std::string KeyPair::pin() const {
    return public_key_pin(key_.get());
}

std::string public_key_pin(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    GLEANER_CHECK(size > 0, "a public key has no encoding");
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
    SHA256(der, static_cast<std::size_t>(size), digest.data());
    OPENSSL_free(der);
    return to_hex(digest);
}

bool is_p256(EVP_PKEY* key) {
    char group[64] = {};
    std::size_t length = 0;
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return false;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &length) != 1) return false;
    const std::string_view name(group, length);
    return name == "prime256v1" || name == "P-256";
}

}  // namespace gleaner::tls
