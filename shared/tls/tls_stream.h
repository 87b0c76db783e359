#pragma once
/// TLS over a connected socket, for ten thousand connections: OpenSSL reads and writes the socket
/// itself (no BIO pair, no buffers of our own), and an idle connection holds no buffer at all.
/// asio::ssl::stream keeps 68 KiB per connection; this keeps what OpenSSL needs for its state.
/// Satisfies Beast's AsyncReadStream and AsyncWriteStream. Not for plain Asio SSL functions.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <openssl/types.h>

namespace gleaner::tls {

enum class Side : bool { client, server };

/// One connection. Use from its socket's executor, which must be a single thread or a strand. Not
/// movable while an operation is outstanding; not movable at all, for simplicity.
/// Reads and writes may be outstanding together, several writes too: their bytes go out in order.
class TlsStream {
public:
    using Socket = boost::asio::generic::stream_protocol::socket;
    using executor_type = Socket::executor_type;
    using ErrorCode = boost::system::error_code;

    /// Takes a connected socket. The context is shared by reference count.
    TlsStream(Socket socket, boost::asio::ssl::context& context, Side side);
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;
    ~TlsStream();

    [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
    [[nodiscard]] Socket& socket() { return socket_; }
    [[nodiscard]] SSL* native_handle() const { return ssl_.get(); }

    /// void(error_code). Cancellation leaves the connection unusable: close it.
    template <class Token>
    auto async_handshake(Token&& token) {
        return boost::asio::async_compose<Token, void(ErrorCode)>(HandshakeOp{*this}, token,
                                                                  socket_);
    }

    /// void(error_code, std::size_t). asio::error::eof after the peer's close_notify.
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_compose<Token, void(ErrorCode, std::size_t)>(
            ReadOp{*this, first_buffer<boost::asio::mutable_buffer>(buffers)}, token, socket_);
    }

    /// void(error_code, std::size_t). While corked the bytes are only collected.
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        const auto taken = collect(buffers);
        return boost::asio::async_compose<Token, void(ErrorCode, std::size_t)>(
            WriteOp{*this, taken}, token, socket_);
    }

    /// From now on small writes are collected (up to 16 KiB, then they are sent as usual), so that
    /// many messages share one TLS record and one system call. End with async_flush.
    void cork() { corked_ = true; }
    /// Ends collecting and sends what was collected. void(error_code, std::size_t).
    template <class Token>
    auto async_flush(Token&& token) {
        corked_ = false;
        return boost::asio::async_compose<Token, void(ErrorCode, std::size_t)>(WriteOp{*this, 0},
                                                                               token, socket_);
    }

    /// Says close_notify if the socket takes it at once, and ends sending. Reading goes on.
    void end_sending();
    /// Closes the socket; outstanding operations end with operation_aborted.
    void close();

private:
    enum class Want : unsigned char { nothing, readable, writable };
    struct Step {
        Want want = Want::nothing;
        ErrorCode error;
        std::size_t bytes = 0;
    };

    static constexpr std::size_t record_bytes = 16 * 1024;

    [[nodiscard]] Step try_handshake();
    [[nodiscard]] Step try_read(void* data, std::size_t size);
    /// One record of what is outgoing. `bytes`: how much is left to send.
    [[nodiscard]] Step try_flush();
    [[nodiscard]] Step step_of(int rc);

    template <class Buffer, class Buffers>
    static Buffer first_buffer(const Buffers& buffers) {
        const auto end = boost::asio::buffer_sequence_end(buffers);
        for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end; ++it) {
            const Buffer buffer(*it);
            if (buffer.size() > 0) return buffer;
        }
        return Buffer();
    }

    /// Copies at most one record's worth to the outgoing bytes.
    template <class Buffers>
    std::size_t collect(const Buffers& buffers) {
        std::size_t taken = 0;
        const auto end = boost::asio::buffer_sequence_end(buffers);
        for (auto it = boost::asio::buffer_sequence_begin(buffers);
             it != end && taken < record_bytes; ++it) {
            const boost::asio::const_buffer buffer(*it);
            const auto n = std::min(buffer.size(), record_bytes - taken);
            outgoing_.append(static_cast<const char*>(buffer.data()), n);
            taken += n;
        }
        return taken;
    }

    template <class Self>
    void wait(Want want, Self&& self) {
        socket_.async_wait(want == Want::readable ? Socket::wait_read : Socket::wait_write,
                           std::forward<Self>(self));
    }

    /// What the three operations share: they never complete inside their initiating function.
    struct Operation {
        TlsStream& stream;
        bool started = false;
        bool finished = false;
        Step step;

        /// True when the operation is over and may complete; else `self` has been handed on.
        template <class Self, class Try>
        bool advance(Self& self, ErrorCode waited, Try&& attempt) {
            const bool inside_initiation = !std::exchange(started, true);
            if (finished) return true;
            if (waited) {
                step = Step{.error = waited};
                return true;
            }
            step = attempt();
            if (step.want != Want::nothing) {
                stream.wait(step.want, std::move(self));
                return false;
            }
            if (!inside_initiation) return true;
            finished = true;
            boost::asio::post(stream.get_executor(), std::move(self));
            return false;
        }
    };

    struct HandshakeOp : Operation {
        explicit HandshakeOp(TlsStream& s) : Operation{s} {}
        template <class Self>
        void operator()(Self& self, ErrorCode waited = {}) {
            auto& tls = this->stream;
            if (this->advance(self, waited, [&tls] { return tls.try_handshake(); })) {
                self.complete(this->step.error);
            }
        }
    };

    struct ReadOp : Operation {
        ReadOp(TlsStream& s, boost::asio::mutable_buffer b) : Operation{s}, buffer(b) {}
        template <class Self>
        void operator()(Self& self, ErrorCode waited = {}) {
            auto& tls = this->stream;
            const auto into = buffer;
            if (this->advance(self, waited,
                              [&tls, into] { return tls.try_read(into.data(), into.size()); })) {
                self.complete(this->step.error, this->step.bytes);
            }
        }
        boost::asio::mutable_buffer buffer;
    };

    struct WriteOp : Operation {
        WriteOp(TlsStream& s, std::size_t n) : Operation{s}, taken(n) {}
        template <class Self>
        void operator()(Self& self, ErrorCode waited = {}) {
            auto& tls = this->stream;
            if (this->advance(self, waited, [&tls] { return tls.flush_unless_corked(); })) {
                self.complete(this->step.error, this->step.error ? 0 : taken);
            }
        }
        std::size_t taken;
    };

    [[nodiscard]] Step flush_unless_corked();

    struct SslDeleter {
        void operator()(SSL* ssl) const;
    };

    Socket socket_;
    std::unique_ptr<SSL, SslDeleter> ssl_;
    std::string outgoing_;           ///< plaintext not yet given to OpenSSL
    std::size_t outgoing_sent_ = 0;  ///< of outgoing_
    bool corked_ = false;
};

// What Beast's WebSocket looks up by argument: how to end a connection of this type.
void teardown(boost::beast::role_type role, TlsStream& stream, boost::system::error_code& error);
void beast_close_socket(TlsStream& stream);

template <class Handler>
void async_teardown(boost::beast::role_type, TlsStream& stream, Handler&& handler) {
    stream.end_sending();
    boost::asio::post(stream.get_executor(), [h = std::forward<Handler>(handler)]() mutable {
        h(boost::system::error_code());
    });
}

}  // namespace gleaner::tls
