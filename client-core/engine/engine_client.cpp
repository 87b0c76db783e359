#include "client-core/engine/engine_client.h"

#include <algorithm>
#include <array>
#include <list>
#include <optional>
#include <sys/un.h>
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include "client-core/engine/sse_splitter.h"
#include "shared/util/check.h"

namespace gleaner {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

/// A body that is either collected (replies, error objects) or cut into events as it arrives.
struct ReplyBody {
    struct value_type {
        std::string text;
        SseSplitter* splitter = nullptr;  ///< set: this is an event stream
        const EngineClient::OnEvent* on_event = nullptr;
        bool stopped = false;
        bool too_long = false;
    };

    class reader {
    public:
        template <bool is_request, class Fields>
        reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}

        void init(const boost::optional<std::uint64_t>& length, error_code& ec) {
            ec = {};
            if (length && body_.splitter == nullptr) {
                body_.text.reserve(
                    static_cast<std::size_t>(std::min<std::uint64_t>(*length, 1 << 20)));
            }
        }

        template <class Buffers>
        std::size_t put(const Buffers& buffers, error_code& ec) {
            ec = {};
            std::size_t total = 0;
            for (const auto buffer : beast::buffers_range_ref(buffers)) {
                const std::string_view bytes(static_cast<const char*>(buffer.data()),
                                             buffer.size());
                total += bytes.size();
                if (!take(bytes)) {
                    ec = http::error::end_of_stream;  // any error ends the read
                    return total;
                }
            }
            return total;
        }

        void finish(error_code& ec) { ec = {}; }

    private:
        bool take(std::string_view bytes) {
            if (body_.splitter == nullptr) {
                body_.text.append(bytes);
                return true;
            }
            const auto outcome = body_.splitter->feed(bytes, *body_.on_event);
            body_.stopped = outcome == SseSplitter::Outcome::stopped;
            body_.too_long = outcome == SseSplitter::Outcome::too_long;
            return outcome == SseSplitter::Outcome::more;
        }

        value_type& body_;
    };
};

using Parser = http::response_parser<ReplyBody>;

struct Connection {
    explicit Connection(const asio::any_io_executor& executor) : socket(executor) {}
    asio::local::stream_protocol::socket socket;
    beast::flat_buffer buffer;
};

std::string request_header(std::string_view method, std::string_view path, std::size_t length) {
    std::string text;
    text.reserve(128 + path.size());
    text.append(method).append(" ").append(path);
    text.append(" HTTP/1.1\r\nHost: engine\r\nContent-Type: application/json\r\nContent-Length: ");
    text.append(std::to_string(length)).append("\r\n\r\n");
    return text;
}

Error unreachable(const error_code& ec, const std::filesystem::path& socket_path) {
    if (ec == asio::error::operation_aborted) {
        return {ErrorCode::cancelled, "the request to the engine was cancelled"};
    }
    return {ErrorCode::unavailable, "the engine at " + socket_path.string() + " does not answer (" +
                                        ec.message() + "): it is starting or has ended"};
}

/// One request's fate. `reply` is empty if the connection failed before it was complete.
struct Exchange {
    error_code error;
    bool reused = false;    ///< over a connection that was kept
    bool any_byte = false;  ///< of the reply
    bool reusable = false;
    bool stopped = false;
    bool too_long = false;
    EngineClient::Reply reply;
};

}  // namespace

struct EngineClient::State {
    State(const asio::any_io_executor& on, std::filesystem::path path, Limits bounds)
        : executor(on), socket_path(std::move(path)), limits(bounds) {}

    asio::any_io_executor executor;
    std::filesystem::path socket_path;
    Limits limits;
    std::vector<std::unique_ptr<Connection>> idle;
    std::size_t busy = 0;
    std::list<asio::steady_timer> waiting;  ///< calls that wait for a connection, oldest first

    /// Waits until fewer than connections_max are busy, then counts this call as busy.
    asio::awaitable<bool> take_turn() {
        if (busy >= limits.connections_max || !waiting.empty()) {
            const auto place =
                waiting.emplace(waiting.end(), executor, asio::steady_timer::time_point::max());
            error_code ec;
            co_await place->async_wait(asio::redirect_error(asio::use_awaitable, ec));
            // end_turn() hands its turn over by moving the expiry, so that a cancellation and a
            // wake-up are told apart.
            const bool woken = place->expiry() != asio::steady_timer::time_point::max();
            waiting.erase(place);
            const auto state = co_await asio::this_coro::cancellation_state;
            const bool cancelled = state.cancelled() != asio::cancellation_type::none;
            if (cancelled || !woken) {
                if (woken) wake_next();
                co_return false;
            }
        }
        ++busy;
        co_return true;
    }

    void end_turn() {
        --busy;
        wake_next();
    }

    void wake_next() {
        for (auto& timer : waiting) {
            if (timer.expiry() != asio::steady_timer::time_point::max()) continue;
            timer.expires_at(asio::steady_timer::time_point::min());  // completes its wait
            return;
        }
    }
};

namespace {

/// Ends a call's turn on every way out, also when its coroutine is destroyed.
template <class State>
class Turn {
public:
    explicit Turn(State& state) : state_(&state) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { state_->end_turn(); }

private:
    State* state_;
};

struct Request {
    std::string header;
    std::string body;
    bool stream = false;
    EngineClient::OnEvent on_event;
    EngineClient::Limits limits;
};

/// Reads until the parser is content or fails. Looks for a cancellation between the pieces: one
/// that comes while a piece is already on its way here finds no operation to end.
template <class IsContent>
asio::awaitable<void> read_until(Connection& connection, Parser& parser, Exchange& exchange,
                                 IsContent is_content) {
    while (!is_content(parser) && !exchange.error) {
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none) {
            exchange.error = asio::error::operation_aborted;
            co_return;
        }
        // read_some, not read: every piece of a stream reaches its listener as soon as it is there.
        co_await http::async_read_some(connection.socket, connection.buffer, parser,
                                       asio::redirect_error(asio::use_awaitable, exchange.error));
    }
}

bool is_header_done(const Parser& parser) {
    return parser.is_header_done();
}
bool is_done(const Parser& parser) {
    return parser.is_done();
}

/// The rest of a reply whose header is there: events, or an error object instead of them.
asio::awaitable<void> read_events(Connection& connection, const Request& request, Parser& parser,
                                  Exchange& exchange) {
    SseSplitter splitter(request.limits.line_bytes_max);
    auto& body = parser.get().body();
    if (parser.get()[http::field::content_type].starts_with("text/event-stream")) {
        body.splitter = &splitter;
        body.on_event = &request.on_event;
        parser.body_limit(boost::none);
    }
    parser.eager(true);
    co_await read_until(connection, parser, exchange, &is_done);
    exchange.stopped = body.stopped;
    exchange.too_long = body.too_long;
    if (exchange.stopped) exchange.error = {};
    body.splitter = nullptr;
}

asio::awaitable<void> exchange_once(Connection& connection, const Request& request,
                                    Exchange& exchange) {
    const std::array<asio::const_buffer, 2> parts = {asio::buffer(request.header),
                                                     asio::buffer(request.body)};
    co_await asio::async_write(connection.socket, parts,
                               asio::redirect_error(asio::use_awaitable, exchange.error));
    if (exchange.error) co_return;
    Parser parser;
    parser.header_limit(64 << 10);
    parser.body_limit(request.limits.body_bytes_max);
    // How the body is taken depends on the header, so of a stream's reply the header comes alone.
    parser.eager(!request.stream);
    if (request.stream) {
        co_await read_until(connection, parser, exchange, &is_header_done);
        if (!exchange.error) co_await read_events(connection, request, parser, exchange);
    } else {
        co_await read_until(connection, parser, exchange, &is_done);
    }
    exchange.any_byte = parser.got_some();
    exchange.too_long = exchange.too_long || exchange.error == http::error::body_limit;
    if (exchange.error) co_return;
    exchange.reusable = !exchange.stopped && parser.keep_alive();
    exchange.reply =
        EngineClient::Reply(parser.get().result_int(), std::move(parser.get().body().text));
}

Result<EngineClient::Reply> judge(Exchange& exchange, const EngineClient::Limits& limits,
                                  const std::filesystem::path& socket_path) {
    if (exchange.too_long) {
        return Error(ErrorCode::too_large,
                     "the engine sent more than " + std::to_string(limits.body_bytes_max) +
                         " bytes in a reply or " + std::to_string(limits.line_bytes_max) +
                         " in one line of a stream");
    }
    if (!exchange.error) return std::move(exchange.reply);
    const bool hung_up = exchange.error == http::error::end_of_stream ||
                         exchange.error == http::error::partial_message;
    if (exchange.error.category() == make_error_code(http::error::bad_version).category() &&
        !hung_up) {
        return Error(ErrorCode::data_corrupt,
                     "the engine's reply is not HTTP: " + exchange.error.message());
    }
    return unreachable(exchange.error, socket_path);
}

}  // namespace

EngineClient::EngineClient(const asio::any_io_executor& executor, std::filesystem::path socket_path,
                           Limits limits)
    : state_(std::make_unique<State>(executor, std::move(socket_path), limits)) {}

EngineClient::~EngineClient() {
    GLEANER_CHECK(state_->busy == 0, "an engine client was destroyed while requests were running");
}

std::size_t EngineClient::open_connections() const {
    return state_->idle.size() + state_->busy;
}

void EngineClient::close_idle() {
    state_->idle.clear();
}

namespace {

/// A connection that is kept, or a new one. `exchange.error` tells why there is none.
template <class State>
asio::awaitable<std::unique_ptr<Connection>> connect(State& state, Exchange& exchange) {
    if (!state.idle.empty()) {
        exchange.reused = true;
        auto kept = std::move(state.idle.back());
        state.idle.pop_back();
        co_return kept;
    }
    const std::string path = state.socket_path.string();
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
        exchange.error = asio::error::name_too_long;
        co_return nullptr;
    }
    auto made = std::make_unique<Connection>(state.executor);
    const asio::local::stream_protocol::endpoint endpoint(path);
    co_await made->socket.async_connect(endpoint,
                                        asio::redirect_error(asio::use_awaitable, exchange.error));
    co_return made;
}

template <class State>
asio::awaitable<Result<EngineClient::Reply>> perform_in_turn(State& state, Request& request) {
    const Turn<State> turn(state);
    while (true) {
        Exchange exchange;
        auto connection = co_await connect(state, exchange);
        if (exchange.error) co_return judge(exchange, state.limits, state.socket_path);
        co_await exchange_once(*connection, request, exchange);
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (exchange.reusable) {
            state.idle.push_back(std::move(connection));
        } else if (exchange.error && exchange.reused && !exchange.any_byte &&
                   cancellation.cancelled() == asio::cancellation_type::none) {
            continue;  // the server had closed the idle connection: nothing was lost
        }
        co_return judge(exchange, state.limits, state.socket_path);
    }
}

template <class State>
asio::awaitable<Result<EngineClient::Reply>> perform(State& state, Request request) {
    // Cancellation shows as the error code of the running operation; the caller's own setting
    // (it belongs to the whole chain of coroutines) is put back.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    request.limits = state.limits;
    std::optional<Result<EngineClient::Reply>> result;
    const bool has_turn = co_await state.take_turn();
    if (has_turn) {
        result.emplace(co_await perform_in_turn(state, request));
    } else {
        result.emplace(unreachable(asio::error::operation_aborted, state.socket_path));
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return std::move(*result);
}

}  // namespace

asio::awaitable<Result<EngineClient::Reply>> EngineClient::get(std::string path) {
    Request request;
    request.header = request_header("GET", path, 0);
    return perform(*state_, std::move(request));
}

asio::awaitable<Result<EngineClient::Reply>> EngineClient::post(std::string path,
                                                                std::string body) {
    Request request;
    request.header = request_header("POST", path, body.size());
    request.body = std::move(body);
    return perform(*state_, std::move(request));
}

asio::awaitable<Result<EngineClient::Reply>> EngineClient::post_stream(std::string path,
                                                                       std::string body,
                                                                       OnEvent on_event) {
    Request request;
    request.header = request_header("POST", path, body.size());
    request.body = std::move(body);
    request.stream = true;
    request.on_event = std::move(on_event);
    return perform(*state_, std::move(request));
}

}  // namespace gleaner
