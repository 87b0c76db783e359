#include "coordinator/api/session_parts.h"

#include <algorithm>

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

#include "shared/util/log.h"

namespace gleaner::api {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t piece_bytes = 64U << 10U;
/// Besides a limit for each piece, a body must come at this rate overall.
constexpr std::uint64_t body_bytes_per_s_least = 1'024;

Method method_of(http::verb verb) {
    switch (verb) {
        case http::verb::get:
            return Method::get;
        case http::verb::head:
            return Method::head;
        case http::verb::post:
            return Method::post;
        case http::verb::put:
            return Method::put;
        case http::verb::patch:
            return Method::patch;
        case http::verb::delete_:
            return Method::delete_;
        default:
            return Method::other;  // the rest of Beast's forty verbs has no route here
    }
}

ApiError late_body() {
    return {408, "invalid_request_error", "request_timeout",
            "The request's body came too slowly or not at all: send the request again."};
}

void lower(std::string& text) {
    for (auto& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

}  // namespace

struct Session::Parser::State {
    http::request_parser<http::buffer_body> parser;
    boost::beast::error_code problem;
};

Session::Parser::Parser(std::size_t header_bytes_max) : state_(std::make_unique<State>()) {
    state_->parser.header_limit(static_cast<std::uint32_t>(header_bytes_max));
    state_->parser.body_limit(boost::none);  // the route's limit is the request's to check
}

Session::Parser::~Parser() = default;

Session::Parser::Progress Session::Parser::take_head(std::string& input) {
    auto& parser = state_->parser;
    while (!parser.is_header_done()) {
        if (input.empty()) return Progress::needs_more;
        state_->problem = {};
        const auto used = parser.put(asio::buffer(input), state_->problem);
        input.erase(0, used);
        if (state_->problem == http::error::need_more) return Progress::needs_more;
        if (state_->problem) return Progress::refused;
    }
    return Progress::done;
}

Session::Parser::Progress Session::Parser::take_body(std::string& input, std::string& piece) {
    auto& parser = state_->parser;
    piece.resize(piece_bytes);
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    body.more = true;
    while (!parser.is_done() && body.size > 0 && !input.empty()) {
        state_->problem = {};
        const auto used = parser.put(asio::buffer(input), state_->problem);
        input.erase(0, used);
        if (state_->problem == http::error::need_buffer) break;
        if (state_->problem == http::error::need_more) break;
        if (state_->problem) return Progress::refused;
    }
    piece.resize(piece.size() - body.size);
    return parser.is_done() ? Progress::done : Progress::needs_more;
}

ApiError Session::Parser::refusal() const {
    if (state_->problem == http::error::header_limit)
        return {431, "invalid_request_error", "headers_too_large",
                "The request's headers are larger than 16 KiB."};
    return {400, "invalid_request_error", "malformed_http",
            "This is not a well-formed HTTP request: " + state_->problem.message() + "."};
}

bool Session::Parser::has_head() const {
    return state_->parser.is_header_done();
}

bool Session::Parser::is_done() const {
    return state_->parser.is_done();
}

bool Session::Parser::keep_alive() const {
    return has_head() && state_->parser.keep_alive();
}

bool Session::Parser::can_chunk() const {
    return state_->parser.get().version() >= 11;
}

ApiStatus Session::Parser::copy_head(RequestHead& head) const {
    const auto& message = state_->parser.get();
    head.method = method_of(message.method());
    std::string_view target(message.target().data(), message.target().size());
    if (!target.starts_with('/'))
        return openai::invalid_request("The request's target must be a path.");
    const auto question = target.find('?');
    auto path = percent_decoded(target.substr(0, question), false);
    auto query = parse_query(question == std::string_view::npos ? std::string_view()
                                                                : target.substr(question + 1));
    if (!path || !query) return openai::invalid_request("The request's address is malformed.");
    head.path = std::move(*path);
    head.query = std::move(*query);
    for (const auto& field : message) {
        std::string name(field.name_string().data(), field.name_string().size());
        lower(name);
        head.headers.emplace_back(std::move(name),
                                  std::string(field.value().data(), field.value().size()));
    }
    if (const auto length = state_->parser.content_length()) head.content_length = *length;
    return api_ok();
}

void Session::SessionRequest::enter(const Route& route, std::vector<Header> params) {
    route_ = route.pattern;
    body_bytes_max_ = route.body_bytes_max;
    path_params = std::move(params);
}

ApiError Session::SessionRequest::no_route(const Router::Match& match, Reply& reply) const {
    if (match.allowed.empty()) {
        return {404, "invalid_request_error", "unknown_url",
                "Unknown request URL: " + std::string(to_string(method)) + " " +
                    path.substr(0, 200) + ". Please check the URL for typos."};
    }
    std::string allowed;
    for (const auto one : match.allowed) {
        if (!allowed.empty()) allowed += ", ";
        allowed += to_string(one);
    }
    reply.add_header("Allow", allowed);
    return {
        405, "invalid_request_error", "method_not_supported",
        "Not allowed to " + std::string(to_string(method)) + " here. Allowed: " + allowed + "."};
}

asio::awaitable<ApiResult<std::string_view>> Session::SessionRequest::read_some() {
    if (ended_) {
        std::string().swap(piece_);  // an answer may take long: it shall not hold a buffer
        co_return std::string_view();
    }
    const ApiError too_large(413, "invalid_request_error", "request_too_large",
                             "The request's body is larger than the " +
                                 std::to_string(body_bytes_max_) + " bytes allowed here.");
    if (content_length && *content_length > body_bytes_max_) co_return too_large;
    if (!body_started_) {
        body_started_ = context_.clock.now();
        const bool waits = header("expect") == "100-continue" && session_.input_.empty();
        if (waits) {
            const auto told = co_await session_.write("HTTP/1.1 100 Continue\r\n\r\n");
            if (told.has_error()) co_return ApiError(told.error());
        }
    }
    for (;;) {
        const auto progress = parser_.take_body(session_.input_, piece_);
        if (progress == Parser::Progress::refused) co_return parser_.refusal();
        ended_ = progress == Parser::Progress::done;
        body_bytes_ += piece_.size();
        if (body_bytes_ > body_bytes_max_) co_return too_large;
        if (ended_ || !piece_.empty()) co_return std::string_view(piece_);
        const auto now = context_.clock.now();
        const auto paced = std::chrono::seconds(60 + body_bytes_ / body_bytes_per_s_least);
        const auto limit =
            std::min(now + context_.options.body_piece_within, *body_started_ + paced);
        const auto arrival = co_await session_.more_body(limit);
        if (arrival == Arrival::late) co_return late_body();
        if (arrival == Arrival::ended)
            co_return openai::invalid_request("The request's body ended before it was complete.");
    }
}

bool Session::SessionRequest::body_is_over() {
    if (parser_.is_done()) return true;
    if (!parser_.has_head()) return false;
    std::string rest;
    while (!session_.input_.empty()) {
        const auto before = session_.input_.size();
        if (parser_.take_body(session_.input_, rest) == Parser::Progress::refused) return false;
        if (parser_.is_done()) return true;
        if (session_.input_.size() == before) return false;
    }
    return false;
}

std::string Session::SessionReply::head(int status, std::string_view content_type,
                                        std::optional<std::uint64_t> length) {
    status_ = status;
    // What is left of a body that nobody read stands between this request and the next.
    keep_alive_ = parser_.keep_alive() && request_.body_is_over();
    std::string text = "HTTP/1.1 " + std::to_string(status) + " ";
    const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
    text.append(reason.data(), reason.size());
    const auto add = [&text](std::string_view name, std::string_view value) {
        text.append("\r\n").append(name).append(": ").append(value);
    };
    if (!content_type.empty()) add("Content-Type", content_type);
    if (length) {
        add("Content-Length", std::to_string(*length));
    } else if (parser_.can_chunk()) {
        chunked_ = true;
        add("Transfer-Encoding", "chunked");
    } else {
        keep_alive_ = false;
    }
    add("Connection", keep_alive_ ? "keep-alive" : "close");
    add("x-request-id", request_.id.get());
    add("Cache-Control", "no-store");
    add("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : headers_) add(name, value);
    text += "\r\n\r\n";
    return text;
}

asio::awaitable<Status> Session::SessionReply::send(int status, std::string content_type,
                                                    std::string body) {
    auto bytes = head(status, content_type, body.size());
    if (request_.method != Method::head) bytes += body;
    auto sent = co_await session_.write(std::move(bytes));
    complete_ = sent.has_value();
    co_return sent;
}

asio::awaitable<Status> Session::SessionReply::begin(int status, std::string content_type,
                                                     std::optional<std::uint64_t> length) {
    return session_.write(head(status, content_type, length));
}

asio::awaitable<Status> Session::SessionReply::write(std::string piece) {
    if (request_.method == Method::head || piece.empty()) co_return ok();
    if (!chunked_) co_return co_await session_.write(std::move(piece));
    char size[24];
    const int n = std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    std::string bytes;
    bytes.reserve(piece.size() + static_cast<std::size_t>(n) + 2);
    bytes.append(size, static_cast<std::size_t>(n)).append(piece).append("\r\n");
    co_return co_await session_.write(std::move(bytes));
}

asio::awaitable<Status> Session::SessionReply::finish() {
    Status sent = ok();
    if (chunked_ && request_.method != Method::head) sent = co_await session_.write("0\r\n\r\n");
    complete_ = sent.has_value();
    co_return sent;
}

void Session::SessionReply::set_on_gone(std::function<void()> on_gone) {
    session_.watch_client(std::move(on_gone));
}

asio::awaitable<void> Session::SessionReply::conclude(const ApiStatus& outcome) {
    if (begun()) co_return;  // the handler has replied, or broke off a reply that cannot be mended
    if (outcome.has_value()) {
        (void)co_await send(204, "", "");
        co_return;
    }
    const auto& error = outcome.error();
    if (!error.detail().empty()) {
        spdlog::error("event=api_failed request={} route={} why=\"{}\"", request_.id.get(),
                      request_.route(), error.detail());
    }
    if (error.retry_after())
        add_header("Retry-After",
                   std::to_string(openai::retry_after_seconds(*error.retry_after())));
    if (error.status() == 401) add_header("WWW-Authenticate", "Bearer");
    (void)co_await send(error.status(), "application/json", error.body());
}

}  // namespace gleaner::api
