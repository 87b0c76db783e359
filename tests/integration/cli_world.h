#pragma once
/// gleanerctl inside this process, against the real API server, router, admin routes and store,
/// over real TLS on the loopback. Only the grid is a recorder, and /v1/batches a script that plays
/// a job.

#include <atomic>
#include <future>
#include <sstream>
#include <thread>

#include <CLI/CLI.hpp>
#include <boost/asio/ssl/context.hpp>

#include "client-core/cli/context.h"
#include "coordinator/api/authenticator.h"
#include "coordinator/api/server.h"
#include "shared/tls/authority.h"
#include "shared/tls/contexts.h"
#include "tests/unit/coordinator/api/admin/admin_harness.h"

namespace gleaner::test {

namespace asio = boost::asio;
namespace json = boost::json;

inline asio::awaitable<api::ApiStatus> send(api::Reply& reply, std::string text) {
    (void)co_await reply.send_json(200, std::move(text));
    co_return api::api_ok();
}

/// Keeps what was uploaded, plays a job that moves at each look, and streams one answer.
struct ScriptedOpenAi {
    std::string uploaded;
    std::string created;
    std::string idempotency_key;
    int looks = 0;
    std::string last_status = "completed";
    int failed = 0;

    asio::awaitable<api::ApiStatus> take_file(api::Request& request, api::Reply& reply) {
        auto body = co_await request.read_all();
        if (body.has_error()) co_return std::move(body).error();
        uploaded = std::move(body).value();
        co_return co_await send(reply, R"({"id":"file-1"})");
    }
    asio::awaitable<api::ApiStatus> create(api::Request& request, api::Reply& reply) {
        auto body = co_await request.read_all();
        if (body.has_error()) co_return std::move(body).error();
        created = std::move(body).value();
        idempotency_key = request.header("idempotency-key");
        co_return co_await send(reply, R"({"id":"batch_1","status":"validating"})");
    }
    asio::awaitable<api::ApiStatus> look(api::Request&, api::Reply& reply) {
        ++looks;
        const bool done = looks >= 4;
        const json::object batch{
            {"id", "batch_1"},
            {"status", done ? last_status : "in_progress"},
            {"output_file_id", done ? json::value("file-2") : json::value(nullptr)},
            {"request_counts",
             {{"total", 30}, {"completed", done ? 30 - failed : looks * 5}, {"failed", failed}}}};
        co_return co_await send(reply, json::serialize(batch));
    }
    asio::awaitable<api::ApiStatus> content(api::Request&, api::Reply& reply) {
        (void)co_await reply.begin(200, "application/jsonl", std::nullopt);
        for (int i = 0; i < 3; ++i) (void)co_await reply.write("{\"line\":1}\n");
        (void)co_await reply.finish();
        co_return api::api_ok();
    }
    asio::awaitable<api::ApiStatus> chat(api::Request& request, api::Reply& reply) {
        (void)co_await request.read_all();
        (void)co_await reply.begin(200, "text/event-stream", std::nullopt);
        for (const char* word : {"fi", "ve"}) {
            const json::object event{{"choices", json::array{{{"delta", {{"content", word}}}}}}};
            (void)co_await reply.write("data: " + json::serialize(event) + "\n\n");
        }
        (void)co_await reply.write("data: [DONE]\n\n");
        (void)co_await reply.finish();
        co_return api::api_ok();
    }
    void add_routes(api::Router& router) {
        const auto add = [&](api::Method method, const char* pattern, auto member) {
            api::Route route;
            route.method = method;
            route.pattern = pattern;
            route.access = api::Access::any_key;
            route.handler = [this, member](api::Request& request, api::Reply& reply) {
                return (this->*member)(request, reply);
            };
            router.add(std::move(route));
        };
        add(api::Method::post, "/v1/files", &ScriptedOpenAi::take_file);
        add(api::Method::post, "/v1/batches", &ScriptedOpenAi::create);
        add(api::Method::get, "/v1/batches/{id}", &ScriptedOpenAi::look);
        add(api::Method::get, "/v1/files/{id}/content", &ScriptedOpenAi::content);
        add(api::Method::post, "/v1/chat/completions", &ScriptedOpenAi::chat);
    }
};

/// The coordinator's half, on its own thread.
class Coordinator {
public:
    Coordinator() {
        add_operator();
        openai.add_routes(admin.router);
        auto authority = tls::Authority::create("test", wall).value();
        const auto key = tls::KeyPair::generate().value();
        const std::vector<std::string> names{"localhost", "127.0.0.1"};
        const auto certificate = authority.issue_server(key, names, 24h).value();
        write_file(admin.directory / "ca.pem", authority.certificate_pem());
        tls_context.emplace(tls::api_server_context(certificate.pem, key).value());
        server.emplace(api::ServerOptions{.address = "127.0.0.1", .port = 0}, wall,
                       admin.io.get_executor(), *tls_context, admin.router, authenticator,
                       [](const api::RequestRecord&) {});
        REQUIRE(server->start());
        admin.io.restart();
        thread = std::thread([this] { admin.io.run(); });
    }
    ~Coordinator() {
        asio::co_spawn(admin.io, server->stop(1s), [](std::exception_ptr) {});
        thread.join();
    }
    [[nodiscard]] std::string url() const {
        return "https://localhost:" + std::to_string(server->port());
    }
    [[nodiscard]] std::string ca() const { return admin.directory / "ca.pem"; }

    SystemClock wall;
    AdminHarness admin;
    ScriptedOpenAi openai;
    std::string operator_key = "glo_test_operator";

private:
    void add_operator() {
        std::function<Result<store::Credential>(store::Store&)> work = [&](store::Store& store) {
            return store.add_credential(store::PrincipalKind::operator_, "root", "",
                                        hash_bytes(std::string_view(operator_key)).get());
        };
        REQUIRE(admin.in_store(std::move(work)));
    }

    std::optional<asio::ssl::context> tls_context;
    api::Authenticator authenticator{*admin.store, wall};
    std::optional<api::Server> server;
    std::thread thread;
};

/// One run of gleanerctl, inside this process.
struct Ran {
    Status status = ok();
    std::string out;
    std::string err;
    [[nodiscard]] json::object object() const { return json::parse(out).as_object(); }
    [[nodiscard]] std::string text(const char* key) const {
        return std::string(object().at(key).as_string());
    }
};

struct Person {
    std::string url;
    std::string ca;
    std::string key;
    std::string typed = {};
    bool at_terminal = false;

    Ran run(std::vector<std::string> words) const {
        std::istringstream in(typed);
        std::ostringstream out;
        std::ostringstream err;
        const SystemClock clock;
        cli::Context context{
            .in = in, .out = out, .err = err, .clock = clock, .pause = [](Duration) {}};
        context.in_is_terminal = at_terminal;
        context.profile = {url, key, ca};
        CLI::App app;
        cli::add_program(app, context);
        std::reverse(words.begin(), words.end());
        app.parse(words);
        Ran ran;
        ran.status = context.command();
        ran.out = out.str();
        ran.err = err.str();
        return ran;
    }
};

inline Person with_key(const Coordinator& coordinator, std::string key) {
    return {coordinator.url(), coordinator.ca(), std::move(key)};
}

}  // namespace gleaner::test
