#include "shared/tls/tls_failure.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace gleaner::tls {

namespace {

Error alert_or_reason(int reason) {
    switch (reason) {
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return {ErrorCode::unauthenticated,
                    "the other side says that our certificate has expired: enrol this machine anew "
                    "with its site's token, and check its clock"};
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            return {ErrorCode::unauthenticated,
                    "the other side does not trust the authority of our certificate: it belongs to "
                    "another coordinator; enrol this machine anew"};
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
        case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
            return {ErrorCode::unauthenticated,
                    "the other side refused our certificate: if its clock and ours are right, "
                    "enrol this machine anew"};
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
            return {ErrorCode::unauthenticated,
                    "the other side demands a client certificate: enrol this machine first"};
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
            return {ErrorCode::unsupported,
                    "the two sides share no TLS version: nodes speak TLS 1.3, the API TLS 1.2 or "
                    "1.3; upgrade the older side"};
        case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
        case SSL_R_NO_APPLICATION_PROTOCOL:
            return {ErrorCode::unsupported,
                    "the two sides share no application protocol (ALPN): is this the address of "
                    "the node gateway (gleaner/1), not of the API (http/1.1)?"};
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
            return {ErrorCode::unsupported, "the other side does not speak TLS: check the port"};
        default:
            break;
    }
    const char* text = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason));
    return {ErrorCode::unavailable,
            std::string("the TLS connection failed: ") + (text != nullptr ? text : "unknown")};
}

}  // namespace

Error verify_error(long verify_result) {
    switch (verify_result) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return {ErrorCode::unauthenticated,
                    "the other side's certificate has expired: renew it, and check the clocks of "
                    "both machines"};
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return {ErrorCode::unauthenticated,
                    "the other side's certificate is not valid yet: a clock is wrong; set this "
                    "machine's date and time"};
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return {ErrorCode::unauthenticated,
                    "the other side's certificate comes from another authority than the one we "
                    "trust: wrong address, a token of another coordinator, or somebody in between"};
        case X509_V_ERR_INVALID_PURPOSE:
            return {ErrorCode::unauthenticated,
                    "the other side's certificate is not made for this role"};
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return {ErrorCode::unauthenticated,
                    "the server's certificate is for another name than the one we called: use the "
                    "name in the certificate, or add this one to the coordinator's server_names"};
        default:
            return {ErrorCode::unauthenticated,
                    std::string("the other side's certificate was refused: ") +
                        X509_verify_cert_error_string(verify_result)};
    }
}

Error tls_error(const boost::system::error_code& code, const SSL* connection) {
    namespace asio = boost::asio;
    if (code.category() == asio::error::get_ssl_category()) {
        const auto packed = static_cast<unsigned long>(static_cast<unsigned int>(code.value()));
        const int reason = ERR_GET_REASON(packed);
        if (ERR_GET_LIB(packed) == ERR_LIB_SSL) {
            if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && connection != nullptr) {
                return verify_error(SSL_get_verify_result(connection));
            }
            return alert_or_reason(reason);
        }
        return {ErrorCode::unavailable, "the TLS connection failed: " + code.message()};
    }
    if (code == asio::error::eof || code == asio::ssl::error::stream_truncated ||
        code == asio::error::connection_reset || code == asio::error::broken_pipe) {
        return {ErrorCode::unavailable, "the other side closed the connection"};
    }
    if (code == asio::error::operation_aborted) {
        return {ErrorCode::cancelled, "the operation was cancelled"};
    }
    return {ErrorCode::unavailable, "the connection failed: " + code.message()};
}

}  // namespace gleaner::tls
