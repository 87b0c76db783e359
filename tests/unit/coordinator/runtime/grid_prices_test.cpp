/// What batches cost: their tariff, cached tokens, a maximum price, waiting for cheaper hours.

#include "shared/model/civil_day.h"
#include "tests/unit/coordinator/runtime/grid_rig.h"

using namespace gleaner;
using namespace gleaner::runtime;
using namespace gleaner::runtime::test;

namespace {

/// An answer of 5 prompt and 1 generated token, of which `cached` were in the engine's cache.
void answer_cached(Rig& rig, const wire::Lease& lease, int cached) {
    wire::ToCoordinator message;
    for (const auto& item : lease.items()) {
        auto& result = *message.mutable_results()->add_results();
        result.set_lease_id(lease.lease_id());
        result.set_index(item.index());
        result.set_body(
            R"({"choices":[{"index":0,"message":{"content":"4"},"finish_reason":"stop"}],)"
            R"("usage":{"prompt_tokens":5,"completion_tokens":1,)"
            R"("prompt_tokens_details":{"cached_tokens":)" +
            std::to_string(cached) + "}}}");
        result.set_prompt_tokens(5);
        result.set_generated_tokens(1);
        result.set_device_micros(10);
    }
    rig.grid->node_said(rig.node.id, std::move(message));
}

Money credit(Rig& rig) {
    Money found;
    const auto read = rig.write([&](store::Store& s) -> Status {
        GLEANER_TRY(found, s.available_credit(rig.world.customer.id));
        return ok();
    });
    REQUIRE(read.has_value());
    return found;
}

ledger::Tariff tariff(Rig& rig, TokenPrice base) {
    ledger::PriceBook book;
    book.version = 4;
    book.currencies[Currency::cny].models["demo"] = base;
    const auto minute = minute_of_day(rig.clock.wall());
    // A band around this moment: five times the price, until ten minutes from now.
    book.bands = {
        {"peak", (minute + 1430) % 1440, (minute + 10) % 1440 + 1, ledger::every_day, 50'000}};
    REQUIRE(check(book).has_value());
    return ledger::tariff_of(book, "demo", Currency::cny, PrivacyClass::any).value();
}

constexpr Money whole_credit{1'000'000'000};

}  // namespace

TEST_CASE("an answer costs its tariff's price when it is accepted, cached tokens their own") {
    Rig rig;
    rig.terms.tariff = tariff(rig, {1'000'000, 2'000'000, 200'000});
    const auto job = rig.admit(Rig::lines(1));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    answer_cached(rig, rig.link.leases().front(), 3);
    REQUIRE(rig.until([&] { return !rig.grid->live_counts(job.id).has_value(); }));
    // In the band, five times: two fresh prompt tokens, three cached ones, one generated.
    CHECK(credit(rig) == whole_credit - Money{2 * 5 + 3 + 10});
    std::string receipt;
    const auto read = rig.write([&](store::Store& s) -> Status {
        std::string request;
        GLEANER_TRY(s.for_each_outcome(job.number, [&](const store::ItemOutcome& outcome) {
            request = outcome.request.get();
            return ok();
        }));
        GLEANER_TRY(receipt, s.receipt(job.project, RequestId{request}));
        return ok();
    });
    REQUIRE(read.has_value());
    CHECK(receipt.find(R"("price_book":4)") != std::string::npos);
    CHECK(receipt.find(R"("time_band":"peak")") != std::string::npos);
    CHECK(receipt.find(R"("cached_tokens":3)") != std::string::npos);
}

TEST_CASE(
    "a node that claims more cached tokens than the prompt has gets the cached price for all") {
    Rig rig;
    rig.terms.tariff =
        ledger::fixed_tariff({1'000'000, 0, 200'000}, Currency::cny, PrivacyClass::any);
    const auto job = rig.admit(Rig::lines(1));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    answer_cached(rig, rig.link.leases().front(), 4'000'000);
    REQUIRE(rig.until([&] { return !rig.grid->live_counts(job.id).has_value(); }));
    CHECK(credit(rig) == whole_credit - Money{1});
}

TEST_CASE("a batch stops before its maximum price; what it did not do costs nothing") {
    Rig rig;
    rig.terms.tariff =
        ledger::fixed_tariff({1'000'000, 2'000'000}, Currency::cny, PrivacyClass::any);
    rig.terms.max_price = Money{30};
    rig.terms.item_price_max = {10};  // each then costs 7
    rig.hold = {30};
    const auto job = rig.admit(Rig::lines(10));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    std::size_t answered = 0;
    std::size_t lent = 0;
    const auto ended = [&] {
        for (; answered < rig.link.leases().size(); ++answered) {
            lent += static_cast<std::size_t>(rig.link.leases()[answered].items_size());
            rig.answer(rig.link.leases()[answered]);
        }
        return !rig.grid->live_counts(job.id).has_value();
    };
    REQUIRE(rig.until(ended));
    CHECK(lent == 3);  // 9 are left then, less than one may cost
    CHECK(credit(rig) == whole_credit - Money{21});
    store::Job done;
    const auto read = rig.write([&](store::Store& s) -> Status {
        GLEANER_TRY(done, s.job_by_id(job.id));
        return ok();
    });
    REQUIRE(read.has_value());
    CHECK(done.state == store::JobState::completed);
    CHECK(done.counts.completed == 3);
    CHECK(done.counts.failed == 7);
    CHECK(done.held == Money{});
    std::ifstream errors(rig.blobs.file_path(done.error_file));
    int lines = 0;
    for (std::string text; std::getline(errors, text); ++lines)
        CHECK(text.find("\"code\":\"max_price_reached\"") != std::string::npos);
    CHECK(lines == 7);
}

TEST_CASE("a batch that its price allows only later waits, says why, and can be cancelled") {
    Rig rig;
    rig.terms.tariff = tariff(rig, {1'000'000, 2'000'000});
    rig.terms.max_price = Money{100};
    rig.terms.item_price_max = {50};
    rig.terms.expected_prompt_tokens = 50;
    rig.terms.expected_generated_tokens = 10;  // 70 after the peak, 350 in it
    rig.hold = {100};
    const auto job = rig.admit(Rig::lines(10));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return rig.grid->job_note(job.id).has_value(); }));
    const auto note = rig.grid->job_note(job.id).value();
    CHECK(note.status == "waiting_for_price");
    CHECK(note.text.find("0.000350 CNY") != std::string::npos);
    CHECK(note.text.find("0.000070") != std::string::npos);
    CHECK(rig.link.leases().empty());
    rig.grid->cancel_job(job.id);
    REQUIRE(rig.until([&] { return !rig.grid->live_counts(job.id).has_value(); }));
    CHECK(credit(rig) == whole_credit);
    CHECK(rig.link.leases().empty());
}

TEST_CASE("a batch whose deadline leaves no time to wait works at the present price") {
    Rig rig;
    rig.terms.tariff = tariff(rig, {1'000'000, 2'000'000});
    rig.terms.max_price = Money{100};
    rig.terms.item_price_max = {50};
    rig.terms.expected_prompt_tokens = 50;
    rig.terms.expected_generated_tokens = 10;
    rig.hold = {100};
    auto job = rig.admit(Rig::lines(10));
    job.deadline = rig.clock.wall() + 5min;  // the peak lasts ten
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    const auto note = rig.grid->job_note(job.id).value();
    CHECK(note.status == "running");
    CHECK(note.text.find("max_price_reached") != std::string::npos);
}

TEST_CASE("a customer pays for neither a broken answer nor a retry, and once for the good one") {
    Rig rig;
    rig.terms.tariff =
        ledger::fixed_tariff({1'000'000, 2'000'000}, Currency::cny, PrivacyClass::any);
    const auto job = rig.admit(Rig::lines(1));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    wire::ToCoordinator broken;
    auto& result = *broken.mutable_results()->add_results();
    result.set_lease_id(rig.link.leases().front().lease_id());
    result.set_body(R"({"choices":[]})");
    result.set_prompt_tokens(4'000);
    result.set_generated_tokens(4'000);
    rig.grid->node_said(rig.node.id, std::move(broken));
    REQUIRE(rig.until([&] { return rig.link.leases().size() == 2; }));
    wire::ToCoordinator crashed;
    auto& failure = *crashed.mutable_results()->add_results();
    failure.set_lease_id(rig.link.leases().back().lease_id());
    failure.mutable_failure()->set_code(wire::Failure::ENGINE_CRASHED);
    failure.set_generated_tokens(4'000);
    rig.grid->node_said(rig.node.id, std::move(crashed));
    REQUIRE(rig.until([&] { return rig.link.leases().size() == 3; }));
    rig.answer(rig.link.leases().back());
    REQUIRE(rig.until([&] { return !rig.grid->live_counts(job.id).has_value(); }));
    CHECK(credit(rig) == whole_credit - Money{7});
    CHECK(rig.grid->typical_answers().at(rig.model.sha256) == 1);
}
