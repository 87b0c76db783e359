#pragma once
/// Why a TLS handshake or connection failed, in words that say what to do.

#include <boost/system/error_code.hpp>
#include <openssl/types.h>

#include "shared/util/error.h"

namespace gleaner::tls {

/// A result of certificate verification (X509_V_ERR_…) as an Error.
[[nodiscard]] Error verify_error(long verify_result);

/// A failed handshake, read or write. `connection` (may be null) adds why the peer's certificate
/// was refused. With TLS 1.3 a client learns only at its first read that its certificate was
/// refused, so read errors are to be mapped by this too.
[[nodiscard]] Error tls_error(const boost::system::error_code& code, const SSL* connection);

}  // namespace gleaner::tls
