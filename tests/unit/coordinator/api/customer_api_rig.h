#pragma once
/// /v1 over a real store and a real grid, without a network: requests go through the real router.

#include <exception>
#include <optional>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json.hpp>

#include "coordinator/api/authenticator.h"
#include "coordinator/api/metrics/api_metrics.h"
#include "coordinator/api/openai/credit_gate.h"
#include "coordinator/api/openai/idempotency.h"
#include "coordinator/api/openai/model_catalogue.h"
#include "coordinator/api/openai/rate_gate.h"
#include "coordinator/api/openai/reservations.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/api/openai/settlements.h"
#include "coordinator/api/router.h"
#include "tests/unit/coordinator/runtime/grid_rig.h"

namespace gleaner::api::test {

class TextRequest final : public Request {
public:
    explicit TextRequest(std::string body) : body_(std::move(body)) {}
    [[nodiscard]] boost::asio::awaitable<ApiResult<std::string_view>> read_some() override {
        const auto piece = std::string_view(body_).substr(at_);
        at_ = body_.size();
        co_return piece;
    }

private:
    std::string body_;
    std::size_t at_ = 0;
};

class TextReply final : public Reply {
public:
    [[nodiscard]] boost::asio::awaitable<Status> send(int status, std::string,
                                                      std::string body) override {
        status_ = status;
        text = std::move(body);
        co_return ok();
    }
    [[nodiscard]] boost::asio::awaitable<Status> begin(int, std::string,
                                                       std::optional<std::uint64_t>) override {
        co_return Error(ErrorCode::internal, "nothing is streamed here");
    }
    [[nodiscard]] boost::asio::awaitable<Status> write(std::string) override { co_return ok(); }
    [[nodiscard]] boost::asio::awaitable<Status> finish() override { co_return ok(); }
    void set_on_gone(std::function<void()>) override {}
    [[nodiscard]] bool begun() const override { return status_ != 0; }
    [[nodiscard]] int status() const override { return status_; }
    std::string text;

private:
    int status_ = 0;
};

struct Said {
    int status = 0;
    boost::json::value body;

    [[nodiscard]] std::string text(const char* member) const {
        return boost::json::value_to<std::string>(body.at(member));
    }
    [[nodiscard]] std::string error() const {
        return boost::json::value_to<std::string>(body.at("error").at("message"));
    }
};

struct CustomerApi {
    CustomerApi() { add_openai_routes(router, services); }
    ~CustomerApi() { pool.join(); }

    /// A key of the project with these scopes.
    [[nodiscard]] Caller caller(store::Scopes scopes, const std::string& key = "key_1") const {
        store::Principal who;
        who.credential_id = key;
        who.subject = grid.world.project.id.get();
        who.customer = grid.world.customer.id;
        who.scopes = scopes;
        return {who, grid.world.project.id, grid.world.customer.id, {}};
    }
    Said call(const Caller& who, Method method, const std::string& path,
              const boost::json::value& body = boost::json::object()) {
        TextRequest request(boost::json::serialize(body));
        TextReply reply;
        request.method = method;
        request.path = path;
        request.id = RequestId{"req_1"};
        request.caller = who;
        const auto match = router.match(method, path);
        REQUIRE_MESSAGE(match.route != nullptr, path);
        request.path_params = match.params;
        const auto scoped = check_scopes(who.principal, match.route->one_of);
        if (scoped.has_error())
            return {scoped.error().status(), boost::json::parse(scoped.error().body())};
        std::optional<ApiStatus> handled;
        grid.wait_for(run(*match.route, request, reply, handled));
        if (handled->has_error())
            return {handled->error().status(), boost::json::parse(handled->error().body())};
        return {reply.status(), boost::json::parse(reply.text)};
    }
    Said get(const Caller& who, const std::string& path) { return call(who, Method::get, path); }
    Said post(const Caller& who, const std::string& path, const boost::json::value& body) {
        return call(who, Method::post, path, body);
    }

    runtime::test::Rig grid;
    boost::asio::thread_pool pool{1};
    Authenticator keys{*grid.store, grid.clock};
    ModelCatalogue models{*grid.store, grid.clock};
    CreditGate credit{*grid.store, grid.clock, 100};
    RateGate rates{RateLimits{}, grid.clock};
    IdempotencyKeys idempotency{*grid.store};
    Settlements settlements{grid.io.get_executor(), *grid.store, *grid.grid};
    ApiMetrics metrics;
    Reservations reservations{*grid.store, grid.clock};
    Services services{ApiLimits{},         grid.clock, *grid.store, grid.blobs,   *grid.grid,
                      pool.get_executor(), models,     credit,      rates,        idempotency,
                      settlements,         metrics,    keys,        reservations, {}};
    Router router;

private:
    static boost::asio::awaitable<void> run(const Route& route, Request& request, Reply& reply,
                                            std::optional<ApiStatus>& handled) {
        handled = co_await route.handler(request, reply);
    }
};

}  // namespace gleaner::api::test
