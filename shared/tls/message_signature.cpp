#include "shared/tls/message_signature.h"

#include <memory>
#include <span>
#include <vector>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "shared/tls/certificate.h"
#include "shared/util/check.h"
#include "shared/util/hex.h"

namespace gleaner::tls {

namespace {

using MdContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

/// A P-256 signature in DER has at most 72 bytes.
constexpr std::size_t signature_hex_max = 144;

std::string signed_bytes(std::string_view purpose, std::string_view message) {
    GLEANER_CHECK(purpose.find('\0') == std::string_view::npos, "a purpose has no zero byte");
    std::string bytes(purpose);
    bytes.push_back('\0');
    bytes.append(message);
    return bytes;
}

const unsigned char* as_bytes(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Result<std::string> sign_message(const KeyPair& key, std::string_view purpose,
                                 std::string_view message) {
    const std::string bytes = signed_bytes(purpose, message);
    const MdContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    std::size_t size = 0;
    if (!context ||
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, as_bytes(bytes), bytes.size()) != 1) {
        return openssl_error(ErrorCode::internal, "cannot sign with the node's key");
    }
    std::vector<std::uint8_t> signature(size);
    if (EVP_DigestSign(context.get(), signature.data(), &size, as_bytes(bytes), bytes.size()) !=
        1) {
        return openssl_error(ErrorCode::internal, "cannot sign with the node's key");
    }
    return to_hex(std::span<const std::uint8_t>(signature.data(), size));
}

Status verify_message(EVP_PKEY* key, std::string_view purpose, std::string_view message,
                      std::string_view signature) {
    if (key == nullptr || !is_p256(key)) {
        return Error(ErrorCode::data_corrupt, "the signer's key is not an EC P-256 key");
    }
    if (signature.size() > signature_hex_max) {
        return Error(ErrorCode::data_corrupt, "the signature is too long for a P-256 key");
    }
    const auto raw = from_hex(signature);
    if (!raw || raw->empty()) return Error(ErrorCode::data_corrupt, "the signature is not hex");
    const std::string bytes = signed_bytes(purpose, message);
    const MdContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    const bool holds =
        context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
        EVP_DigestVerify(context.get(), raw->data(), raw->size(), as_bytes(bytes), bytes.size()) ==
            1;
    ERR_clear_error();
    if (!holds) {
        return Error(ErrorCode::data_corrupt,
                     "the signature does not hold: another key made it, or the text was changed");
    }
    return ok();
}

Status verify_message(std::string_view certificate_pem, std::string_view purpose,
                      std::string_view message, std::string_view signature) {
    GLEANER_TRY(const auto certificate, parse_certificate(certificate_pem));
    return verify_message(X509_get0_pubkey(certificate.get()), purpose, message, signature);
}

}  // namespace gleaner::tls
