#pragma once
/// OpenSSL's objects with an owner, and its error queue as text. For the .cpp files of shared/tls.

#include <memory>
#include <string>
#include <string_view>

#include <openssl/types.h>

#include "shared/util/result.h"

struct X509_req_st;

namespace gleaner::tls {

struct HandleDeleter {
    void operator()(EVP_PKEY* key) const;
    void operator()(X509* certificate) const;
    void operator()(X509_req_st* request) const;
    void operator()(BIO* bio) const;
    void operator()(BIGNUM* number) const;
};

template <class T>
using Handle = std::unique_ptr<T, HandleDeleter>;

/// "`what`: <OpenSSL's reason>", and clears this thread's error queue.
[[nodiscard]] Error openssl_error(ErrorCode code, std::string_view what);

/// A read-only BIO over `text`, which must outlive it.
[[nodiscard]] Handle<BIO> bio_over(std::string_view text);
/// What was written to a memory BIO.
[[nodiscard]] std::string text_of(BIO* bio);

}  // namespace gleaner::tls
