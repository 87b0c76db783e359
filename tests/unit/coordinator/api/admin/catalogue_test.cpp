#include <sys/stat.h>

#include "shared/artefact/engine_package.h"
#include "tests/unit/coordinator/api/admin/admin_harness.h"
#include "tests/unit/shared/artefact/gguf_builder.h"

using namespace gleaner;
using store::PrincipalKind;
using test::AdminHarness;

namespace {

std::string model_bytes() {
    const auto bytes = test::small_model().build();
    return {bytes.begin(), bytes.end()};
}

boost::json::object model_body(const std::string& id) {
    return {{"name", "small"}, {"sha256", id}};
}

std::string package_bytes(AdminHarness& admin, const SigningKey& key) {
    const std::string stage = admin.directory / "stage";
    test::write_file(stage + "/llama-server", "server");
    ::chmod((stage + "/llama-server").c_str(), 0755);
    EngineFields fields;
    fields.name = "llama.cpp";
    fields.version = "0.5.0";
    fields.os = "linux";
    fields.arch = "x86_64";
    const std::string out = admin.directory / ("e" + key.public_key().fingerprint());
    REQUIRE(pack_engine(stage, fields, key, out));
    return test::read_file(out);
}

}  // namespace

TEST_CASE("a model is served after its bytes came and its facts were read from them") {
    AdminHarness admin;
    const std::string id = admin.upload(model_bytes());
    auto body = model_body(id);
    body["prompt_micros_per_million"] = 100;
    body["canaries"] = boost::json::parse(
        R"([{"request":{"messages":[{"role":"user","content":"2+2="}]},"expect":"4"}])");
    const auto added = admin.post(admin.platform, "/api/v1/models", body);
    REQUIRE(added.status == 200);
    CHECK(added.text("architecture") == "llama");
    CHECK(added.text("quantisation") == "Q8_0");
    CHECK(added.body.as_object().at("context_tokens").as_int64() == 512);
    CHECK(added.body.as_object().at("memory_bytes").as_int64() > 0);
    CHECK(admin.grid.models == std::vector<std::string>{"small"});
    CHECK(admin.grid.canary_count == 1);
    CHECK(admin.get(admin.platform, "/api/v1/models").data().size() == 1);
    CHECK(admin.get(admin.platform, "/api/v1/artefacts/" + id).status == 200);
}

TEST_CASE("bytes with another hash than announced are refused and not kept") {
    AdminHarness admin;
    const std::string id = hash_bytes(std::string_view("good")).get();
    const std::string target = "/api/v1/artefacts/" + id;
    const auto refused = admin.call(admin.platform, api::Method::put, target, "bad!");
    CHECK(refused.status == 400);
    CHECK(refused.error().find("try again") != std::string::npos);
    CHECK(admin.get(admin.platform, target).status == 404);
    CHECK(admin.call(admin.platform, api::Method::put, target, "good").status == 200);
    CHECK(admin.get(admin.platform, target).status == 200);
}

TEST_CASE("only operators send artefacts, and their names are hashes") {
    AdminHarness admin;
    const std::string target = "/api/v1/artefacts/" + hash_bytes(std::string_view("x")).get();
    const auto owner = AdminHarness::principal(PrincipalKind::owner, "own_x");
    CHECK(admin.call(owner, api::Method::put, target, "x").status == 403);
    CHECK(admin.get(owner, target).status == 403);
    CHECK(admin.call(admin.platform, api::Method::put, "/api/v1/artefacts/..%2fx", "x").status ==
          400);
}

TEST_CASE("a truncated GGUF is refused with what is missing, and its bytes are dropped") {
    AdminHarness admin;
    const std::string whole = model_bytes();
    const std::string id = admin.upload(whole.substr(0, whole.size() - 8));
    const auto refused = admin.post(admin.platform, "/api/v1/models", model_body(id));
    CHECK(refused.status == 400);
    CHECK(refused.error().find("truncated: needs " + std::to_string(whole.size())) !=
          std::string::npos);
    CHECK(refused.error().find(admin.directory / "") == std::string::npos);
    CHECK(admin.get(admin.platform, "/api/v1/artefacts/" + id).status == 404);
    CHECK(admin.grid.models.empty());
}

TEST_CASE("a model with a bad name, context, canary or without bytes is refused") {
    AdminHarness admin;
    const std::string id = admin.upload(model_bytes());
    const auto refused = [&](const char* key, const boost::json::value& value) {
        auto body = model_body(id);
        body[key] = value;
        return admin.post(admin.platform, "/api/v1/models", body).status;
    };
    CHECK(refused("name", "a/b") == 400);
    CHECK(refused("name", "") == 400);
    CHECK(refused("context_tokens", -1) == 400);
    CHECK(refused("slots", 0) == 400);
    CHECK(refused("prompt_micros_per_million", -5) == 400);
    CHECK(refused("canaries", boost::json::array{{{"expect", "4"}}}) == 400);
    CHECK(refused("canaries", boost::json::array{7}) == 400);
    const auto streamed = boost::json::parse(
        R"([{"expect":"4","request":{"stream":true,"messages":[{"role":"user","content":"2+2"}]}}])");
    CHECK(refused("canaries", streamed) == 400);
    CHECK(refused("sha256", boost::json::value(std::string(64, '0'))) == 404);
    CHECK(refused("colour", "red") == 400);
    CHECK(admin.grid.models.empty());
    CHECK(admin.post(admin.platform, "/api/v1/models", model_body(id)).status == 200);
}

TEST_CASE("a model that was trained for less context is refused with the number") {
    AdminHarness admin;
    auto body = model_body(admin.upload(model_bytes()));
    body["context_tokens"] = 513;
    CHECK(admin.post(admin.platform, "/api/v1/models", body).error().find("512 tokens") !=
          std::string::npos);
}

TEST_CASE("removing one of two names of a file keeps the file offered") {
    AdminHarness admin;
    const std::string id = admin.upload(model_bytes());
    auto second = model_body(id);
    second["name"] = "also-small";
    admin.post(admin.platform, "/api/v1/models", model_body(id));
    admin.post(admin.platform, "/api/v1/models", second);
    CHECK(admin.remove(admin.platform, "/api/v1/models/small").status == 200);
    CHECK(admin.grid.removed.empty());
    CHECK(admin.grid.models.back() == "also-small");
    CHECK(admin.remove(admin.platform, "/api/v1/models/also-small").status == 200);
    CHECK(admin.grid.removed == std::vector<std::string>{"also-small"});
    CHECK(admin.remove(admin.platform, "/api/v1/models/small").status == 404);
}

TEST_CASE("an engine signed by the release key is offered") {
    AdminHarness admin;
    const std::string id = admin.upload(package_bytes(admin, admin.release_key));
    const auto added = admin.post(admin.platform, "/api/v1/engines", {{"sha256", id}});
    REQUIRE(added.status == 200);
    CHECK(added.text("version") == "0.5.0");
    CHECK(admin.grid.engines == std::vector<std::string>{"0.5.0"});
    CHECK(admin.get(admin.platform, "/api/v1/engines").data().size() == 1);
}

TEST_CASE("an engine signed by another key, or damaged, is refused and its bytes are dropped") {
    AdminHarness admin;
    const SigningKey other = SigningKey::generate();
    std::string damaged = package_bytes(admin, admin.release_key);
    damaged.resize(damaged.size() - 20);
    for (const auto& bytes : {package_bytes(admin, other), damaged, std::string("no archive")}) {
        const std::string id = admin.upload(bytes);
        const auto refused = admin.post(admin.platform, "/api/v1/engines", {{"sha256", id}});
        CHECK(refused.status == 400);
        CHECK(refused.error().find(admin.directory / "") == std::string::npos);
        CHECK(admin.get(admin.platform, "/api/v1/artefacts/" + id).status == 404);
    }
    CHECK(admin.grid.engines.empty());
}
