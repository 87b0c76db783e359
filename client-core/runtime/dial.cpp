#include "client-core/runtime/dial.h"

#include <charconv>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#ifdef __linux__
#include <netinet/tcp.h>
#endif

#include "shared/async/deadline.h"
#include "shared/tls/contexts.h"
#include "shared/tls/tls_failure.h"
#include "shared/tls/tls_stream.h"

namespace gleaner {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

asio::awaitable<Result<std::vector<tcp::endpoint>>> resolve(GatewayAddress address) {
    boost::system::error_code error;
    const auto literal = asio::ip::make_address(address.host, error);
    // An address needs no resolver, whose thread would stay.
    if (!error) co_return std::vector{tcp::endpoint(literal, address.port)};
    tcp::resolver resolver(co_await asio::this_coro::executor);
    auto [failed, found] =
        co_await resolver.async_resolve(address.host, std::to_string(address.port), quietly);
    if (failed) {
        co_return Error(ErrorCode::unavailable, "cannot find the host " + address.host + ": " +
                                                    failed.message() +
                                                    "; check the option coordinator and the DNS");
    }
    std::vector<tcp::endpoint> endpoints;
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
    co_return endpoints;
}

void tune(tcp::socket& socket, [[maybe_unused]] Duration silence_max) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
#ifdef TCP_USER_TIMEOUT
    const int millis = static_cast<int>(silence_max.count() / 1000);
    socket.set_option(asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>(millis),
                      ignored);
#endif
}

asio::awaitable<Result<std::unique_ptr<tls::TlsStream>>> connect(GatewayAddress address,
                                                                 asio::ssl::context& context,
                                                                 Duration silence_max) {
    auto resolving = resolve(address);
    GLEANER_CO_TRY(const auto endpoints, co_await std::move(resolving));
    tcp::socket socket(co_await asio::this_coro::executor);
    boost::system::error_code error = asio::error::host_not_found;
    for (const tcp::endpoint& endpoint : endpoints) {
        boost::system::error_code ignored;
        socket.close(ignored);
        std::tie(error) = co_await socket.async_connect(endpoint, quietly);
        if (!error) break;
    }
    if (error) {
        co_return Error(ErrorCode::unavailable, error.message());
    }
    tune(socket, silence_max);
    auto stream = std::make_unique<tls::TlsStream>(tls::TlsStream::Socket(std::move(socket)),
                                                   context, tls::Side::client);
    const auto [refused] = co_await stream->async_handshake(quietly);
    if (refused) co_return tls::tls_error(refused, stream->native_handle());
    if (tls::negotiated_protocol(stream->native_handle()) != tls::node_protocol) {
        co_return Error(ErrorCode::unsupported,
                        "the other side does not speak gleaner/1: is this the node gateway?");
    }
    co_return std::move(stream);
}

}  // namespace

Result<GatewayAddress> parse_address(const std::string& text) {
    const auto malformed = [&text] {
        return Error(ErrorCode::invalid_argument,
                     "the coordinator's address \"" + text + "\" is not of the form host:port");
    };
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) return malformed();
    GatewayAddress address{text.substr(0, colon), 0};
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error != std::errc{} || at != end || address.port == 0) return malformed();
    const bool bracketed = address.host.starts_with('[') && address.host.ends_with(']');
    if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
    if (address.host.empty() || (!bracketed && address.host.find(':') != std::string::npos)) {
        return malformed();
    }
    return address;
}

asio::awaitable<Result<std::unique_ptr<tls::TlsStream>>> dial(GatewayAddress address,
                                                              asio::ssl::context& context,
                                                              Duration limit,
                                                              Duration silence_max) {
    const std::string where = "coordinator " + address.text();
    auto connecting = connect(std::move(address), context, silence_max);
    auto bounded = with_deadline(std::move(connecting), limit);
    auto stream = co_await std::move(bounded);
    if (!stream) co_return stream.error().within(where);
    co_return std::move(stream).value();
}

}  // namespace gleaner
