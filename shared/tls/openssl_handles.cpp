#include "shared/tls/openssl_handles.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace gleaner::tls {

void HandleDeleter::operator()(EVP_PKEY* key) const {
    EVP_PKEY_free(key);
}
void HandleDeleter::operator()(X509* certificate) const {
    X509_free(certificate);
}
void HandleDeleter::operator()(X509_req_st* request) const {
    X509_REQ_free(request);
}
void HandleDeleter::operator()(BIO* bio) const {
    BIO_free_all(bio);
}
void HandleDeleter::operator()(BIGNUM* number) const {
    BN_free(number);
}

Error openssl_error(ErrorCode code, std::string_view what) {
    std::string message(what);
    const unsigned long first = ERR_get_error();
    if (first != 0) {
        const char* reason = ERR_reason_error_string(first);
        message += ": ";
        message += reason != nullptr ? reason : "OpenSSL error " + std::to_string(first);
    }
    ERR_clear_error();
    return {code, message};
}

Handle<BIO> bio_over(std::string_view text) {
    return Handle<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace gleaner::tls
