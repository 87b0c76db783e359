#pragma once
/// Signatures of a node over what it says outside a connection (benchmark reports): ECDSA on P-256
/// over SHA-256, with the key of its certificate. Not for releases: those have their own key
/// (shared/artefact/signing_key.h).

#include <string>
#include <string_view>

#include "shared/tls/key_pair.h"
#include "shared/util/result.h"

namespace gleaner::tls {

/// Lower-case hex of the DER signature over `purpose`, a zero byte and `message`: a signature made
/// for one purpose ("gleaner-bench-report") never holds for another. `purpose` has no zero byte.
[[nodiscard]] Result<std::string> sign_message(const KeyPair& key, std::string_view purpose,
                                               std::string_view message);

/// Success if the key in `certificate_pem` made `signature` over this purpose and these bytes. Does
/// not ask whether the certificate is trusted or in force. Errors: data_corrupt.
[[nodiscard]] Status verify_message(std::string_view certificate_pem, std::string_view purpose,
                                    std::string_view message, std::string_view signature);

/// The same with a bare key, borrowed for the call.
[[nodiscard]] Status verify_message(EVP_PKEY* key, std::string_view purpose,
                                    std::string_view message, std::string_view signature);

}  // namespace gleaner::tls
