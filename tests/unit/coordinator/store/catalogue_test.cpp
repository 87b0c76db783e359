#include <doctest/doctest.h>

#include "tests/support/store_world.h"

using namespace gleaner;
using namespace gleaner::store;
using gleaner::testing::fake_sha256;

namespace {

struct Fixture {
    ManualClock clock;
    std::unique_ptr<Store> store = Store::open(":memory:", Store::Mode::read_write, clock).value();
    Model model = [] {
        Model value;
        value.name = "demo";
        value.sha256 = Sha256{fake_sha256(1)};
        value.size_bytes = 123;
        value.architecture = "llama";
        value.quantisation = "Q8_0";
        value.price = {5, 7};
        return value;
    }();
    std::vector<Canary> canaries{{R"({"q":1})", "one"}, {R"({"q":2})", "two"}};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a model is read back with its canaries in order") {
    REQUIRE(store->add_model(model, canaries).has_value());
    const auto read = store->model("demo").value();
    CHECK(read.sha256 == model.sha256);
    CHECK(read.quantisation == "Q8_0");
    CHECK(read.slots == 8);
    CHECK(read.price.generated_micros_per_million == 7);
    CHECK(read.created == clock.wall());
    const auto known = store->canaries(model.sha256).value();
    REQUIRE(known.size() == 2);
    CHECK(known[1].expect == "two");
    CHECK(store->model("none").error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "adding a model again changes its price, not its file") {
    REQUIRE(store->add_model(model, canaries).has_value());
    model.price.prompt_micros_per_million = 50;
    REQUIRE(store->add_model(model, std::span(canaries).first(1)).has_value());
    CHECK(store->model("demo").value().price.prompt_micros_per_million == 50);
    CHECK(store->canaries(model.sha256).value().size() == 1);
    model.sha256 = Sha256{fake_sha256(2)};
    CHECK(store->add_model(model, {}).error().code() == ErrorCode::already_exists);
    CHECK(store->models().value().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "canaries live as long as a name serves their file") {
    REQUIRE(store->add_model(model, canaries).has_value());
    model.name = "alias";
    REQUIRE(store->add_model(model, canaries).has_value());
    REQUIRE(store->remove_model("demo").has_value());
    CHECK(store->canaries(model.sha256).value().size() == 2);
    REQUIRE(store->remove_model("alias").has_value());
    CHECK(store->canaries(model.sha256).value().empty());
    CHECK(store->remove_model("alias").error().code() == ErrorCode::not_found);
}

TEST_CASE_FIXTURE(Fixture, "an engine package is added once") {
    EnginePackage engine;
    engine.sha256 = Sha256{fake_sha256(3)};
    engine.name = "llama.cpp";
    engine.min_driver = "525.60.13";
    REQUIRE(store->add_engine(engine).has_value());
    REQUIRE(store->add_engine(engine).has_value());
    const auto kept = store->engines().value();
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].name == "llama.cpp");
    CHECK(kept[0].min_driver == "525.60.13");
}
