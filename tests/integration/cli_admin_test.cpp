/// gleanerctl's commands against a real coordinator: see cli_world.h.

#include <sys/stat.h>

#include "tests/integration/cli_world.h"
#include "tests/unit/shared/artefact/gguf_builder.h"

using namespace gleaner;
using namespace gleaner::test;
namespace json = boost::json;

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
