/// gleanerctl's commands against the real API server, router, admin routes and store, over real TLS
/// on the loopback. Only the grid is a recorder, and /v1/batches a script that plays a job.

#include <atomic>
#include <future>
#include <sstream>
#include <sys/stat.h>
#include <thread>

#include <CLI/CLI.hpp>
#include <boost/asio/ssl/context.hpp>

#include "client-core/cli/context.h"
#include "coordinator/api/authenticator.h"
#include "coordinator/api/server.h"
#include "shared/model/civil_day.h"
#include "shared/tls/authority.h"
#include "shared/tls/contexts.h"
#include "tests/unit/coordinator/api/admin/admin_harness.h"
#include "tests/unit/shared/artefact/gguf_builder.h"

using namespace gleaner;
namespace asio = boost::asio;
namespace json = boost::json;

namespace {

asio::awaitable<api::ApiStatus> send(api::Reply& reply, std::string text) {
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
        test::write_file(admin.directory / "ca.pem", authority.certificate_pem());
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
    test::AdminHarness admin;
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

Person with_key(const Coordinator& coordinator, std::string key) {
    return {coordinator.url(), coordinator.ca(), std::move(key)};
}

}  // namespace

TEST_CASE("cli_admin: from an operator's key to a token, with the owner's consent between") {
    Coordinator coordinator;
    const Person platform = with_key(coordinator, coordinator.operator_key);
    const auto owner = platform.run({"owner", "add", "Café Blau", "--json"});
    REQUIRE(owner.status);
    Person owner_person = with_key(coordinator, owner.text("key"));

    const auto unasked = owner_person.run({"site", "add", "Main street"});
    CHECK(unasked.status.error().code() == ErrorCode::failed_precondition);
    owner_person.at_terminal = true;
    owner_person.typed = "no\n";
    CHECK(owner_person.run({"site", "add", "Main street"}).status.error().code() ==
          ErrorCode::cancelled);
    owner_person.typed = "yes\n";
    const auto asked = owner_person.run({"site", "add", "Main street", "--json"});
    REQUIRE(asked.status);
    CHECK(asked.err.find("Who earns") != std::string::npos);

    const std::string date = coordinator.admin.consent.date;
    CHECK(owner_person.run({"site", "add", "x", "--accept-consent", "2020-01-01"})
              .status.error()
              .message()
              .find(date) != std::string::npos);
    CHECK(owner_person.run({"site", "add", "Second", "--accept-consent", date}).status);
    const auto refused = platform.run({"site", "add", "x", "--accept-consent", date});
    CHECK(refused.status.error().code() == ErrorCode::permission_denied);

    const auto token =
        owner_person.run({"token", "new", "--site", asked.text("id"), "--uses", "5", "--json"});
    REQUIRE(token.status);
    CHECK(token.text("token").starts_with("glt_"));
    CHECK(owner_person.run({"token", "list", "--site", asked.text("id")})
              .out.find(token.text("id")) != std::string::npos);
    CHECK(owner_person.run({"token", "revoke", token.text("id")}).status);
    const auto revoked = owner_person.run({"site", "revoke-consent", asked.text("id"), "--json"});
    CHECK(revoked.object().at("nodes_revoked").as_int64() == 0);
    CHECK(platform.run({"site", "list"}).out.find("Main street") != std::string::npos);
}

TEST_CASE("cli_admin: models and engines travel whole, once, and bad ones are refused") {
    Coordinator coordinator;
    const Person platform = with_key(coordinator, coordinator.operator_key);
    auto& directory = coordinator.admin.directory;
    // Larger than one TLS record, one block and one window.
    auto gguf = test::small_model();
    gguf.tensor("big", {1024, 2048}, 0, 1024 * 2048 * 4);
    const auto bytes = gguf.build();
    const std::string model = directory / "m.gguf";
    test::write_file(model, {bytes.begin(), bytes.end()});
    const auto added = platform.run({"model", "add", model, "--name", "small", "--price-prompt",
                                     "0.5", "--price-generated", "2", "--json"});
    REQUIRE(added.status);
    CHECK(added.object().at("prompt_micros_per_million").as_int64() == 500'000);
    CHECK(coordinator.admin.grid.models == std::vector<std::string>{"small"});
    CHECK(platform.run({"model", "add", model, "--name", "again"}).status);
    CHECK(platform.run({"model", "list"}).out.find("again") != std::string::npos);
    CHECK(platform.run({"model", "remove", "again"}).status);
    test::write_file(directory / "cut.gguf", {bytes.begin(), bytes.end() - 5});
    CHECK(platform.run({"model", "add", directory / "cut.gguf", "--name", "cut"})
              .status.error()
              .message()
              .find("truncated") != std::string::npos);

    REQUIRE(coordinator.admin.release_key.save(directory / "release.key"));
    REQUIRE(SigningKey::generate().save(directory / "other.key"));
    test::write_file(directory / "stage/llama-server", "server");
    ::chmod((directory / "stage/llama-server").c_str(), 0755);
    for (const char* key : {"release.key", "other.key"}) {
        REQUIRE(platform
                    .run({"engine", "pack", "--dir", directory / "stage", "--version", "1", "--key",
                          directory / key, "--out", directory / (std::string(key) + ".e")})
                    .status);
    }
    CHECK(platform.run({"engine", "add", directory / "release.key.e"}).status);
    const auto refused = platform.run({"engine", "add", directory / "other.key.e"});
    CHECK(refused.status.error().message().find("is trusted here") != std::string::npos);
    CHECK(coordinator.admin.grid.engines.size() == 1);
}

TEST_CASE("cli_admin: money is topped up once per payment, and statements and ledger are read") {
    Coordinator coordinator;
    const Person platform = with_key(coordinator, coordinator.operator_key);
    const auto customer = platform.run({"customer", "add", "ACME", "--json"});
    REQUIRE(customer.status);
    const std::string id = customer.text("id");
    for (int i = 0; i < 2; ++i) {
        CHECK(platform.run({"customer", "topup", id, "12.50", "--idempotency-key", "invoice 7"})
                  .out.find("credit now: 12.500000") != std::string::npos);
    }
    CHECK(platform.run({"statement", "--customer", id}).out.find("12.500000") != std::string::npos);
    CHECK(platform.run({"statement", "--platform", "--from", "2026-01-01"}).status);
    CHECK(platform.run({"statement", "--platform", "--from", "then"}).status.error().code() ==
          ErrorCode::invalid_argument);
    const auto checked = platform.run({"ledger", "check"});
    CHECK(checked.status);
    CHECK(checked.out.find("the ledger balances") != std::string::npos);
    const auto key = platform.run({"apikey", "new", "--customer", id, "--json"});
    REQUIRE(key.status);
    const Person buyer = with_key(coordinator, key.text("key"));
    CHECK(buyer.run({"statement", "--customer", id}).status);
    CHECK(buyer.run({"ledger", "check"}).status.error().code() == ErrorCode::permission_denied);
    CHECK(platform.run({"apikey", "revoke", key.text("id")}).status);
}

TEST_CASE("cli_admin: what an operator does is listed, and its log verified against a kept head") {
    Coordinator coordinator;
    const Person platform = with_key(coordinator, coordinator.operator_key);
    REQUIRE(platform.run({"owner", "add", "Café Blau"}).status);
    const auto listed = platform.run({"audit", "list", "--operator", "root", "--limit", "10"});
    CHECK(listed.out.find("POST /api/v1/owners") != std::string::npos);
    CHECK(platform.run({"audit", "list", "--from", "2040-01-01"}).out.find("no operator") !=
          std::string::npos);
    const auto verified = platform.run({"audit", "verify"});
    CHECK(verified.status);
    CHECK(verified.out.find("the audit log is what was written") != std::string::npos);
    const auto head = platform.run({"audit", "verify", "--json"}).text("head");
    CHECK(platform.run({"audit", "verify", "--expect", head}).status);
    const auto cut = platform.run({"audit", "verify", "--expect", "7" + head});
    REQUIRE(!cut.status);
    CHECK(cut.status.error().code() == ErrorCode::data_corrupt);
    CHECK(cut.out.find("rows were cut off") != std::string::npos);
    CHECK(platform.run({"audit", "verify", "--expect", "x"}).status.error().code() ==
          ErrorCode::invalid_argument);
}

TEST_CASE("cli_admin: days and months are closed, shown and archived") {
    Coordinator coordinator;
    const Person platform = with_key(coordinator, coordinator.operator_key);
    const auto id = platform.run({"customer", "add", "ACME", "--json"}).text("id");
    REQUIRE(platform.run({"customer", "topup", id, "5"}).status);
    CHECK(platform.run({"close", "list"}).out.find("nothing is closed yet") != std::string::npos);
    CHECK(platform.run({"close", "run", "--day", "2026-01-01"}).status.error().code() ==
          ErrorCode::failed_precondition);
    // The server's thread reads this clock, too; no request is under way.
    const auto day = day_of(coordinator.admin.clock.wall());
    coordinator.admin.clock.advance(48h);
    const auto closed = platform.run({"close", "run", "--day", date_text(day)});
    REQUIRE(closed.status);
    CHECK(closed.out.find("the books match") != std::string::npos);
    CHECK(closed.out.find("top_up") != std::string::npos);
    CHECK(platform.run({"close", "list"}).out.find(date_text(day)) != std::string::npos);
    CHECK(platform.run({"close", "show", date_text(day)}).out.find("5.000000") !=
          std::string::npos);
    CHECK(platform.run({"close", "show", date_text(day), "--json"}).text("by") == "root");
    const auto early =
        platform.run({"close", "run", "--month", month_text(month_of(day)), "--despite", "why"});
    CHECK(early.status.error().message().find("close " + date_text(day + 1) + " first") !=
          std::string::npos);
    CHECK(platform.run({"close", "list", "--months"}).out.find("nothing") != std::string::npos);
    CHECK(platform.run({"ledger", "archive", "--before", "2020-01"})
              .out.find("nothing was left to archive") != std::string::npos);
    CHECK(platform.run({"ledger", "archive", "--before", "2040-01"}).status.error().code() ==
          ErrorCode::failed_precondition);
}

TEST_CASE("cli_admin: a wrong key, a foreign certificate and a closed port are told apart") {
    Coordinator coordinator;
    const auto wrong = with_key(coordinator, "glo_wrong").run({"node", "list"});
    CHECK(wrong.status.error().code() == ErrorCode::unauthenticated);
    CHECK(wrong.status.error().message().find("GLEANER_KEY") != std::string::npos);
    const auto other = tls::Authority::create("other", coordinator.wall).value();
    test::write_file(coordinator.admin.directory / "other.pem", other.certificate_pem());
    Person misled = with_key(coordinator, coordinator.operator_key);
    misled.ca = coordinator.admin.directory / "other.pem";
    const auto untrusted = misled.run({"node", "list"});
    REQUIRE(!untrusted.status);
    CHECK(untrusted.status.error().message().find("certificate") != std::string::npos);
    Person lost = with_key(coordinator, coordinator.operator_key);
    lost.url = "https://127.0.0.1:1";
    CHECK(lost.run({"node", "list"}).status.error().code() == ErrorCode::unavailable);
}

TEST_CASE("cli_admin: a job is sent as a form, watched to its end, and its output fetched") {
    Coordinator coordinator;
    const Person buyer = with_key(coordinator, coordinator.operator_key);
    auto& directory = coordinator.admin.directory;
    const std::string lines =
        "{\"custom_id\":\"1\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{}}\n";
    test::write_file(directory / "in.jsonl", lines);
    const auto watched =
        buyer.run({"job", "submit", directory / "in.jsonl", "--privacy", "certified", "--metadata",
                   "team=a", "--idempotency-key", "k1", "--watch"});
    CHECK(watched.status);
    CHECK(watched.out.find("in_progress 5/30 items\n") != std::string::npos);
    CHECK(watched.out.find("completed 30/30 items\n") != std::string::npos);
    auto& openai = coordinator.openai;
    CHECK(openai.uploaded.find("name=\"purpose\"\r\n\r\nbatch\r\n") != std::string::npos);
    CHECK(openai.uploaded.find("filename=\"in.jsonl\"") != std::string::npos);
    CHECK(openai.uploaded.find("\r\n\r\n" + lines + "\r\n--") != std::string::npos);
    CHECK(openai.idempotency_key == "k1");
    const auto created = json::parse(openai.created).as_object();
    CHECK(created.at("endpoint").as_string() == "/v1/chat/completions");
    CHECK(created.at("metadata").as_object().at("team").as_string() == "a");
    CHECK(created.at("gleaner").as_object().at("privacy").as_string() == "certified");

    CHECK(buyer.run({"job", "output", "batch_1"}).out ==
          "{\"line\":1}\n{\"line\":1}\n{\"line\":1}\n");
    REQUIRE(buyer.run({"job", "output", "batch_1", "--out", directory / "out"}).status);
    CHECK(test::read_file(directory / "out").size() == 33);
    CHECK(buyer.run({"job", "errors", "batch_1"}).status.error().code() == ErrorCode::not_found);

    openai.failed = 3;
    const auto failed = buyer.run({"job", "watch", "batch_1", "--json"});
    CHECK(failed.status.error().message().find("3 of 30 items failed") != std::string::npos);
    CHECK(failed.object().at("status").as_string() == "completed");
}

TEST_CASE("cli_admin: an answer is printed as it streams") {
    Coordinator coordinator;
    const Person buyer = with_key(coordinator, coordinator.operator_key);
    const auto answered = buyer.run({"chat", "2+3=", "--model", "small"});
    CHECK(answered.status);
    CHECK(answered.out == "five\n");
}
