#pragma once
/// A session's parser, request and reply. The only place of the API that knows Beast is the .cpp.

#include "coordinator/api/session.h"

namespace gleaner::api {

/// HTTP/1.1 requests out of a session's input.
class Session::Parser {
public:
    enum class Progress : std::uint8_t { done, needs_more, refused };

    explicit Parser(std::size_t header_bytes_max);
    ~Parser();

    /// Takes what it can from the front of `input`.
    [[nodiscard]] Progress take_head(std::string& input);
    /// Fills `piece` with decoded body bytes; done: the body has ended (piece may hold its last).
    [[nodiscard]] Progress take_body(std::string& input, std::string& piece);
    [[nodiscard]] ApiError refusal() const;

    [[nodiscard]] bool has_head() const;
    [[nodiscard]] bool is_done() const;
    [[nodiscard]] bool keep_alive() const;
    [[nodiscard]] bool can_chunk() const;  ///< HTTP/1.1 and later
    /// Errors: 400 for a target or header that cannot be used.
    [[nodiscard]] ApiStatus copy_head(RequestHead& head) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

class Session::SessionRequest final : public Request {
public:
    SessionRequest(Session& session, const SessionContext& context, Parser& parser)
        : session_(session), context_(context), parser_(parser) {}

    [[nodiscard]] ApiStatus read_head() { return parser_.copy_head(*this); }
    void enter(const Route& route, std::vector<Header> params);
    [[nodiscard]] std::string_view route() const { return route_; }
    [[nodiscard]] ApiError no_route(const Router::Match& match, Reply& reply) const;
    [[nodiscard]] boost::asio::awaitable<ApiResult<std::string_view>> read_some() override;
    /// Takes what has arrived already; true when nothing of the body is left to come.
    [[nodiscard]] bool body_is_over();

private:
    Session& session_;
    const SessionContext& context_;
    Parser& parser_;
    std::string_view route_ = "none";
    std::uint64_t body_bytes_max_ = 0;
    std::uint64_t body_bytes_ = 0;
    std::optional<Time> body_started_;
    bool ended_ = false;
    std::string piece_;
};

class Session::SessionReply final : public Reply {
public:
    SessionReply(Session& session, const Parser& parser, SessionRequest& request)
        : session_(session), parser_(parser), request_(request) {}

    [[nodiscard]] boost::asio::awaitable<Status> send(int status, std::string content_type,
                                                      std::string body) override;
    [[nodiscard]] boost::asio::awaitable<Status> begin(
        int status, std::string content_type, std::optional<std::uint64_t> length) override;
    [[nodiscard]] boost::asio::awaitable<Status> write(std::string piece) override;
    [[nodiscard]] boost::asio::awaitable<Status> finish() override;
    void set_on_gone(std::function<void()> on_gone) override;
    [[nodiscard]] bool begun() const override { return status_ != 0; }
    [[nodiscard]] int status() const override { return status_; }

    /// After the handler: sends its error, or ends what it has left open.
    [[nodiscard]] boost::asio::awaitable<void> conclude(const ApiStatus& outcome);
    [[nodiscard]] bool keeps_connection() const { return complete_ && keep_alive_; }
    [[nodiscard]] bool client_present() const { return complete_; }

private:
    [[nodiscard]] std::string head(int status, std::string_view content_type,
                                   std::optional<std::uint64_t> length);

    Session& session_;
    const Parser& parser_;
    SessionRequest& request_;
    int status_ = 0;
    bool chunked_ = false;
    bool complete_ = false;
    bool keep_alive_ = false;
};

}  // namespace gleaner::api
