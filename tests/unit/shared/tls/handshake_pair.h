#pragma once
/// Two TLS ends joined in memory, at a time the test chooses.

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "shared/tls/tls_failure.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::tls {

struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class HandshakePair {
public:
    HandshakePair(SSL_CTX* client, SSL_CTX* server, WallTime now)
        : client_(SSL_new(client)), server_(SSL_new(server)) {
        BIO* client_end = nullptr;
        BIO* server_end = nullptr;
        BIO_new_bio_pair(&client_end, 0, &server_end, 0);
        SSL_set_bio(client_.get(), client_end, client_end);
        SSL_set_bio(server_.get(), server_end, server_end);
        SSL_set_connect_state(client_.get());
        SSL_set_accept_state(server_.get());
        for (SSL* ssl : {client_.get(), server_.get()}) {
            X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl), static_cast<time_t>(now.seconds()));
        }
    }

    /// Runs both handshakes to their ends, and a read on each side, since with TLS 1.3 a client
    /// learns only there that its certificate was refused.
    void run() {
        for (int i = 0; i < 10; ++i) {
            step(client_.get(), client_status);
            step(server_.get(), server_status);
        }
    }

    [[nodiscard]] SSL* client() const { return client_.get(); }
    [[nodiscard]] SSL* server() const { return server_.get(); }

    Status client_status = ok();
    Status server_status = ok();

private:
    static void step(SSL* ssl, Status& status) {
        if (status.has_error()) return;
        ERR_clear_error();
        char byte = 0;
        const int rc =
            SSL_is_init_finished(ssl) == 1 ? SSL_read(ssl, &byte, 1) : SSL_do_handshake(ssl);
        if (SSL_get_error(ssl, rc) == SSL_ERROR_SSL) {
            const boost::system::error_code code(static_cast<int>(ERR_get_error()),
                                                 boost::asio::error::get_ssl_category());
            status = tls_error(code, ssl);
        }
    }

    std::unique_ptr<SSL, SslFree> client_;
    std::unique_ptr<SSL, SslFree> server_;
};

}  // namespace gleaner::tls
