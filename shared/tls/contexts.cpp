#include "shared/tls/contexts.h"

#include <array>
#include <cstring>

#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "shared/tls/certificate.h"
#include "shared/util/hex.h"

namespace gleaner::tls {

namespace ssl = boost::asio::ssl;

namespace {

// AES-128 first: it is the cheapest with hardware support, and beyond reach all the same.
constexpr const char* tls13_suites =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
constexpr const char* tls12_suites = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";
constexpr const char* key_exchange_groups = "X25519:P-256:P-384";
// ALPN lists are length-prefixed.
constexpr std::string_view node_protocol_wire = "\x09gleaner/1";
constexpr std::string_view http_protocol_wire = "\x08http/1.1";

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// Selects the one protocol in `arg` (a static wire list); a client that offers only others is
/// refused by alert. One that offers none comes through: the caller looks.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void* arg) {
    const auto* wanted = static_cast<const std::string_view*>(arg);
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, bytes_of(*wanted),
                              static_cast<unsigned int>(wanted->size()), offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

Status set_policy(SSL_CTX* context, int version_min) {
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(context, version_min) != 1 ||
        SSL_CTX_set_ciphersuites(context, tls13_suites) != 1 ||
        SSL_CTX_set_cipher_list(context, tls12_suites) != 1 ||
        SSL_CTX_set1_groups_list(context, key_exchange_groups) != 1) {
        return openssl_error(ErrorCode::internal, "cannot set the TLS policy");
    }
    return ok();
}

Status use_identity(SSL_CTX* context, const std::string& chain_pem, const KeyPair& key) {
    GLEANER_TRY(const auto certificate, parse_certificate(chain_pem));
    if (SSL_CTX_use_certificate(context, certificate.get()) != 1) {
        return openssl_error(ErrorCode::data_corrupt, "cannot use the certificate");
    }
    if (SSL_CTX_use_PrivateKey(context, key.native()) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return openssl_error(ErrorCode::data_corrupt,
                             "the certificate and the private key do not belong together");
    }
    return ok();
}

Status trust(SSL_CTX* context, const std::string& authority_pem) {
    GLEANER_TRY(const auto authority, parse_certificate(authority_pem));
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1) {
        return openssl_error(ErrorCode::data_corrupt, "cannot use the authority's certificate");
    }
    return ok();
}

Status offer(SSL_CTX* context, std::string_view protocol_wire) {
    // This call alone returns 0 for success.
    if (SSL_CTX_set_alpn_protos(context, bytes_of(protocol_wire),
                                static_cast<unsigned int>(protocol_wire.size())) != 0) {
        return openssl_error(ErrorCode::internal, "cannot set ALPN");
    }
    return ok();
}

Result<ssl::context> new_context(ssl::context::method method, int version_min) {
    ssl::context context(method);
    GLEANER_TRY(set_policy(context.native_handle(), version_min));
    return context;
}

void free_pin(void*, void* pin, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<std::string*>(pin);
}

/// Where a joining client's context keeps its pin; freed with the context.
int pin_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_pin);
    return index;
}

/// Trusts the certificate of the peer's chain whose public key has the pinned hash, then lets
/// OpenSSL verify signatures, dates and purpose as usual.
int verify_by_pin(X509_STORE_CTX* verification, void*) {
    const auto* connection = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
    const auto* pin = static_cast<const std::string*>(
        SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), pin_index()));
    auto* shown = X509_STORE_CTX_get0_untrusted(verification);
    STACK_OF(X509)* trusted = sk_X509_new_null();
    for (int i = 0; i < sk_X509_num(shown); ++i) {
        auto* certificate = sk_X509_value(shown, i);
        auto* key = X509_get0_pubkey(certificate);
        if (key != nullptr && public_key_pin(key) == *pin) sk_X509_push(trusted, certificate);
    }
    X509_STORE_CTX_set0_trusted_stack(verification, trusted);
    const int verified = X509_verify_cert(verification);
    sk_X509_free(trusted);
    return verified;
}

}  // namespace

Result<ssl::context> gateway_server_context(const std::string& chain_pem, const KeyPair& key,
                                            const std::string& authority_pem) {
    GLEANER_TRY(auto context, new_context(ssl::context::tls_server, TLS1_3_VERSION));
    auto* native = context.native_handle();
    GLEANER_TRY(use_identity(native, chain_pem, key));
    GLEANER_TRY(trust(native, authority_pem));
    GLEANER_TRY(auto authority, parse_certificate(authority_pem));
    if (SSL_CTX_add1_chain_cert(native, authority.get()) != 1) {
        return openssl_error(ErrorCode::internal, "cannot append the authority's certificate");
    }
    SSL_CTX_set_num_tickets(native, 0);
    SSL_CTX_set_max_cert_list(native, 16 * 1024);
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_alpn_select_cb(native, &select_protocol,
                               const_cast<std::string_view*>(&node_protocol_wire));
    return context;
}

Result<ssl::context> api_server_context(const std::string& chain_pem, const KeyPair& key) {
    GLEANER_TRY(auto context, new_context(ssl::context::tls_server, TLS1_2_VERSION));
    GLEANER_TRY(use_identity(context.native_handle(), chain_pem, key));
    SSL_CTX_set_alpn_select_cb(context.native_handle(), &select_protocol,
                               const_cast<std::string_view*>(&http_protocol_wire));
    return context;
}

Result<ssl::context> api_server_context_from_files(const std::string& chain_path,
                                                   const std::string& key_path) {
    GLEANER_TRY(auto context, new_context(ssl::context::tls_server, TLS1_2_VERSION));
    auto* native = context.native_handle();
    if (SSL_CTX_use_certificate_chain_file(native, chain_path.c_str()) != 1) {
        return openssl_error(ErrorCode::data_corrupt, "cannot read the certificate " + chain_path);
    }
    if (SSL_CTX_use_PrivateKey_file(native, key_path.c_str(), SSL_FILETYPE_PEM) != 1) {
        return openssl_error(ErrorCode::data_corrupt,
                             "cannot use the key " + key_path + " with " + chain_path);
    }
    SSL_CTX_set_alpn_select_cb(native, &select_protocol,
                               const_cast<std::string_view*>(&http_protocol_wire));
    return context;
}

Result<ssl::context> node_client_context(const std::string& authority_pem,
                                         const std::string& certificate_pem, const KeyPair& key) {
    GLEANER_TRY(auto context, new_context(ssl::context::tls_client, TLS1_3_VERSION));
    auto* native = context.native_handle();
    GLEANER_TRY(use_identity(native, certificate_pem, key));
    GLEANER_TRY(trust(native, authority_pem));
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    GLEANER_TRY(offer(native, node_protocol_wire));
    return context;
}

Result<ssl::context> neighbour_client_context(const std::string& authority_pem,
                                              const std::string& certificate_pem,
                                              const KeyPair& key) {
    GLEANER_TRY(auto context, node_client_context(authority_pem, certificate_pem, key));
    if (SSL_CTX_set_purpose(context.native_handle(), X509_PURPOSE_SSL_CLIENT) != 1) {
        return openssl_error(ErrorCode::internal, "cannot set what certificates are for");
    }
    return context;
}

Result<ssl::context> joining_node_context(std::string_view authority_pin) {
    const auto decoded = from_hex(authority_pin);
    if (!decoded || decoded->size() != 32) {
        return Error(ErrorCode::invalid_argument,
                     "the coordinator's fingerprint in the token is damaged: copy the whole token");
    }
    GLEANER_TRY(auto context, new_context(ssl::context::tls_client, TLS1_3_VERSION));
    auto* native = context.native_handle();
    auto pin = std::make_unique<std::string>(to_hex(*decoded));
    if (SSL_CTX_set_ex_data(native, pin_index(), pin.get()) != 1) {
        return openssl_error(ErrorCode::internal, "cannot keep the pin");
    }
    (void)pin.release();  // free_pin has it now
    SSL_CTX_set_cert_verify_callback(native, &verify_by_pin, nullptr);
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    GLEANER_TRY(offer(native, node_protocol_wire));
    return context;
}

namespace {

Result<ssl::context> checking_client_context() {
    GLEANER_TRY(auto context, new_context(ssl::context::tls_client, TLS1_2_VERSION));
    SSL_CTX_set_verify(context.native_handle(), SSL_VERIFY_PEER, nullptr);
    GLEANER_TRY(offer(context.native_handle(), http_protocol_wire));
    return context;
}

}  // namespace

Result<ssl::context> api_client_context(const std::string& ca_path) {
    GLEANER_TRY(auto context, checking_client_context());
    auto* native = context.native_handle();
    const int loaded = ca_path.empty() ? SSL_CTX_set_default_verify_paths(native)
                                       : SSL_CTX_load_verify_file(native, ca_path.c_str());
    if (loaded != 1) {
        return openssl_error(ErrorCode::not_found,
                             "cannot read the authority's certificate " + ca_path);
    }
    return context;
}

Result<ssl::context> api_client_context_trusting(const std::string& authority_pem) {
    GLEANER_TRY(auto context, checking_client_context());
    boost::system::error_code failed;
    context.add_certificate_authority(boost::asio::buffer(authority_pem), failed);
    if (failed) {
        return Error(ErrorCode::invalid_argument,
                     "the authority's certificate cannot be read (PEM): " + failed.message());
    }
    return context;
}

Status expect_host(SSL* connection, const std::string& host) {
    boost::system::error_code not_an_address;
    boost::asio::ip::make_address(host, not_an_address);
    auto* parameters = SSL_get0_param(connection);
    const bool set =
        not_an_address ? SSL_set_tlsext_host_name(connection, host.c_str()) == 1 &&
                             X509_VERIFY_PARAM_set1_host(parameters, host.data(), host.size()) == 1
                       : X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1;
    if (!set) {
        return openssl_error(ErrorCode::invalid_argument, "\"" + host + "\" is no host name");
    }
    return ok();
}

std::string negotiated_protocol(const SSL* connection) {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(connection, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

}  // namespace gleaner::tls
