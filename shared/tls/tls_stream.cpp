#include "shared/tls/tls_stream.h"

#include <cerrno>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <climits>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "shared/util/check.h"

namespace gleaner::tls {

namespace asio = boost::asio;

namespace {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE on a closed connection: this
// one uses send(2) with MSG_NOSIGNAL. Its data is the descriptor.
#ifdef MSG_NOSIGNAL
constexpr int send_flags = MSG_NOSIGNAL;
#else
constexpr int send_flags = 0;
#endif

bool try_again() {
#ifdef _WIN32
    errno = WSAGetLastError();
    return errno == WSAEWOULDBLOCK;
#else
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
#endif
}

TlsStream::Socket::native_handle_type descriptor_of(BIO* bio) {
    return static_cast<TlsStream::Socket::native_handle_type>(
        reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int write_socket(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    errno = 0;
    const auto n = ::send(descriptor_of(bio), data, static_cast<std::size_t>(size), send_flags);
    if (n <= 0 && try_again()) BIO_set_retry_write(bio);
    return static_cast<int>(n);
}

int read_socket(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    errno = 0;
    const auto n = ::recv(descriptor_of(bio), data, static_cast<std::size_t>(size), 0);
    if (n < 0 && try_again()) BIO_set_retry_read(bio);
    if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(n);
}

long control_socket(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return 0;
}

const BIO_METHOD* socket_method() {
    static BIO_METHOD* const method = [] {
        auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gleaner socket");
        GLEANER_CHECK(m != nullptr, "no memory for a BIO method");
        BIO_meth_set_write(m, &write_socket);
        BIO_meth_set_read(m, &read_socket);
        BIO_meth_set_ctrl(m, &control_socket);
        return m;
    }();
    return method;
}

BIO* new_socket_bio(TlsStream::Socket::native_handle_type descriptor) {
    BIO* bio = BIO_new(socket_method());
    GLEANER_CHECK(bio != nullptr, "no memory for a TLS connection");
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
    BIO_set_init(bio, 1);
    return bio;
}

}  // namespace

void TlsStream::SslDeleter::operator()(SSL* ssl) const {
    SSL_free(ssl);
}

TlsStream::TlsStream(Socket socket, asio::ssl::context& context, Side side)
    : socket_(std::move(socket)), ssl_(SSL_new(context.native_handle())) {
    GLEANER_CHECK(ssl_ != nullptr, "no memory for a TLS connection");
    ErrorCode ignored;  // a dead socket shows at the handshake
    socket_.native_non_blocking(true, ignored);
    BIO* bio = new_socket_bio(socket_.native_handle());
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // One system call takes all that has come instead of a record's header, then its body.
    SSL_set_read_ahead(ssl_.get(), 1);
    if (side == Side::server) {
        SSL_set_accept_state(ssl_.get());
    } else {
        SSL_set_connect_state(ssl_.get());
    }
}

TlsStream::~TlsStream() = default;

TlsStream::Step TlsStream::step_of(int rc) {
    const int saved_errno = errno;
    switch (SSL_get_error(ssl_.get(), rc)) {
        case SSL_ERROR_NONE:
            return {};
        case SSL_ERROR_WANT_READ:
            return {.want = Want::readable};
        case SSL_ERROR_WANT_WRITE:
            return {.want = Want::writable};
        case SSL_ERROR_ZERO_RETURN:
            return {.error = asio::error::eof};
        case SSL_ERROR_SYSCALL:
            ERR_clear_error();
            if (saved_errno == 0) return {.error = asio::ssl::error::stream_truncated};
            return {.error = ErrorCode(saved_errno, asio::error::get_system_category())};
        default: {
            const auto packed = ERR_get_error();
            ERR_clear_error();
            if (ERR_GET_LIB(packed) == ERR_LIB_SSL &&
                ERR_GET_REASON(packed) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
                return {.error = asio::ssl::error::stream_truncated};
            }
            return {.error = ErrorCode(static_cast<int>(packed), asio::error::get_ssl_category())};
        }
    }
}

TlsStream::Step TlsStream::try_handshake() {
    if (!socket_.is_open()) return {.error = asio::error::operation_aborted};
    ERR_clear_error();
    errno = 0;
    return step_of(SSL_do_handshake(ssl_.get()));
}

TlsStream::Step TlsStream::try_read(void* data, std::size_t size) {
    // A closed descriptor's number may belong to another connection by now.
    if (!socket_.is_open()) return {.error = asio::error::operation_aborted};
    if (size == 0) return {};
    ERR_clear_error();
    errno = 0;
    std::size_t taken = 0;
    do {  // a record a time, as long as they are here: each completion costs more than a record
        std::size_t n = 0;
        const int rc = SSL_read_ex(ssl_.get(), static_cast<char*>(data) + taken, size - taken, &n);
        if (rc != 1) {
            if (taken > 0) break;  // an error comes again
            return step_of(rc);
        }
        taken += n;
    } while (taken < size && SSL_has_pending(ssl_.get()) == 1);
    return {.bytes = taken};
}

TlsStream::Step TlsStream::try_flush() {
    while (outgoing_sent_ < outgoing_.size()) {
        if (!socket_.is_open()) return {.error = asio::error::operation_aborted};
        ERR_clear_error();
        errno = 0;
        // At most one record at a time: a retry after WANT_WRITE then repeats the same bytes.
        const auto size = std::min(outgoing_.size() - outgoing_sent_, record_bytes);
        std::size_t n = 0;
        const int rc = SSL_write_ex(ssl_.get(), outgoing_.data() + outgoing_sent_, size, &n);
        if (rc != 1) return step_of(rc);
        outgoing_sent_ += n;
    }
    outgoing_sent_ = 0;
    outgoing_.clear();
    // An idle connection shall hold no buffer.
    if (outgoing_.capacity() > 512) std::string().swap(outgoing_);
    return {};
}

TlsStream::Step TlsStream::flush_unless_corked() {
    if (corked_ && outgoing_.size() - outgoing_sent_ < record_bytes) return {};
    return try_flush();
}

void TlsStream::end_sending() {
    if (!socket_.is_open()) return;
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_.get()) == 1) (void)SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void TlsStream::close() {
    ErrorCode ignored;
    socket_.close(ignored);
}

void teardown(boost::beast::role_type, TlsStream& stream, boost::system::error_code& error) {
    stream.end_sending();
    error = {};
}

void beast_close_socket(TlsStream& stream) {
    stream.close();
}

}  // namespace gleaner::tls
