/// Known answers among a job's items, and models that go while their work is out.

#include <algorithm>
#include <set>

#include <boost/json.hpp>

#include "tests/unit/coordinator/runtime/grid_rig.h"

using namespace gleaner;
using namespace gleaner::runtime;
using namespace gleaner::runtime::test;

namespace {

bool is_canary(const wire::Item& item) {
    return item.body().find("known") != std::string::npos;
}
bool is_item(const wire::Item& item) {
    return !is_canary(item);
}

store::Canary known(const std::string& expect) {
    return {R"({"messages":[{"role":"user","content":"known"}]})", expect};
}

std::vector<std::string> keys_of(const std::string& body) {
    std::vector<std::string> keys;
    const auto parsed = boost::json::parse(body);
    for (const auto& pair : parsed.as_object()) keys.emplace_back(pair.key());
    return keys;
}

std::string seed_of(const wire::Item& item) {
    return boost::json::serialize(boost::json::parse(item.body()).at("seed"));
}

}  // namespace

TEST_CASE("a canary has the fields of an item, in their order, and a seed of its own") {
    Rig rig(0.5, {known("4"), known("5")});
    const auto job = rig.admit(Rig::lines(40));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    std::set<std::string> seeds;
    std::size_t canaries = 0;
    const auto lease = rig.link.leases().front();
    const auto& items = lease.items();
    const auto item = std::ranges::find_if(items, is_item);
    REQUIRE(item != items.end());
    for (const auto& other : items) {
        CHECK(other.endpoint() == item->endpoint());
        CHECK(keys_of(other.body()) == keys_of(item->body()));
        if (!is_canary(other)) continue;
        ++canaries;
        seeds.insert(seed_of(other));
    }
    REQUIRE(canaries >= 2);
    CHECK(seeds.size() == canaries);
}

TEST_CASE(
    "a model that is removed and comes back with other answers judges by those of the lease") {
    Rig rig(0.5, std::vector<store::Canary>(50, known("4")));
    const auto job = rig.admit(Rig::lines(40));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    const auto lease = rig.link.leases().front();
    REQUIRE(std::ranges::any_of(lease.items(), is_canary));
    rig.grid->model_removed(rig.model);
    CHECK_FALSE(rig.grid->model_available(rig.model.sha256));
    bool back = false;
    SUBCASE("while it is gone") {}
    SUBCASE("after it has come back") {
        rig.grid->model_added(rig.model, {known("9")});
        back = true;
    }
    rig.answer(lease);
    CHECK(rig.grid->counters().canaries_passed > 0);
    CHECK(rig.grid->counters().canaries_missed == 0);
    if (back) return;
    // The job goes on with the node that has the model.
    std::size_t answered = 1;
    CHECK(rig.until([&] {
        for (; answered < rig.link.leases().size(); ++answered)
            rig.answer(rig.link.leases()[answered]);
        return rig.grid->counters().items_accepted == 40;
    }));
}

TEST_CASE("results of a model that is gone are verified") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(1));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    rig.grid->model_removed(rig.model);
    wire::ToCoordinator message;
    auto& result = *message.mutable_results()->add_results();
    result.set_lease_id(rig.link.leases().front().lease_id());
    result.set_body(R"({"choices":[{"index":0,"message":{"content":"4"},"finish_reason":"stop"}],)"
                    R"("usage":{"prompt_tokens":5,"completion_tokens":5000}})");
    result.set_prompt_tokens(5);
    result.set_generated_tokens(5'000);  // in a context of 4,096
    rig.grid->node_said(rig.node.id, std::move(message));
    CHECK(rig.grid->counters().results_refused == 1);
    CHECK(rig.grid->counters().items_accepted == 0);
}

TEST_CASE("a node stays known to have a model that is changed or comes back") {
    Rig rig;
    rig.join();
    REQUIRE(rig.grid->model_available(rig.model.sha256));
    rig.grid->model_added(rig.model, {});
    CHECK(rig.grid->model_available(rig.model.sha256));
}

TEST_CASE("a canary that is answered after its job has ended is judged") {
    Rig rig(0.5, {known("4")});
    const auto job = rig.admit(Rig::lines(4));
    rig.join();
    rig.grid->open_job(job);
    std::size_t answered = 0;
    REQUIRE(rig.until([&] {
        for (; answered < rig.link.leases().size(); ++answered)
            rig.answer(rig.link.leases()[answered], 10, is_item);
        return answered > 0 && !rig.grid->live_counts(job.id).has_value();
    }));
    CHECK(rig.grid->counters().canaries_passed == 0);
    for (const auto& lease : rig.link.leases()) rig.answer(lease, 10, is_canary);
    CHECK(rig.grid->counters().canaries_passed > 0);
}

TEST_CASE("a command that throws does not stop the grid for good") {
    Rig rig;
    rig.link.broken = true;
    CHECK_THROWS(rig.join());  // its Welcome
    rig.join();
    const auto job = rig.admit(Rig::lines(2));
    rig.grid->open_job(job);
    std::size_t answered = 0;
    CHECK(rig.until([&] {
        for (; answered < rig.link.leases().size(); ++answered)
            rig.answer(rig.link.leases()[answered]);
        return rig.grid->counters().items_accepted == 2;
    }));
}
