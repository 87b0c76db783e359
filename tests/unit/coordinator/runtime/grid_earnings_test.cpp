// Aim: what a node hands in is answered and kept once, the time of devices on offer is counted by
// what they are metered as, and a node is told its own money and its kind's rates.
#include <algorithm>

#include <doctest/doctest.h>

#include "coordinator/store/payout_accounts.h"
#include "shared/model/civil_day.h"
#include "shared/tls/signed_report.h"
#include "tests/unit/coordinator/runtime/grid_rig.h"

using namespace gleaner;
using namespace gleaner::runtime;
using gleaner::runtime::test::Rig;

namespace {

constexpr Duration count_interval = 1'010ms;  // whole seconds are counted

struct EarningRig : Rig {
    EarningRig() : Rig(0, {}, count_interval) {}

    [[nodiscard]] const wire::ToNode* last(wire::ToNode::BodyCase kind) const {
        const auto found = std::find_if(link.frames.rbegin(), link.frames.rend(),
                                        [&](const auto& f) { return f.body_case() == kind; });
        return found == link.frames.rend() ? nullptr : &*found;
    }
    [[nodiscard]] std::ptrdiff_t count(wire::ToNode::BodyCase kind) const {
        return std::ranges::count_if(link.frames,
                                     [&](const auto& f) { return f.body_case() == kind; });
    }
    void hand_in(const tls::SignedReport& sealed) {
        wire::ToCoordinator message;
        message.mutable_benchmark_report()->set_signed_report(to_json(sealed));
        grid->node_said(node.id, std::move(message));
    }
    [[nodiscard]] tls::SignedReport report_of_cpu(double gflops) const {
        BenchReport report;
        report.kind = "cpu";
        report.name = "Test CPU";
        report.measured_at = clock.wall();
        report.figures = {{"fp32", "GFLOPS", "avx2", gflops, 1, 9}};
        return tls::sign_report(report, node.id, "cpu", link.key).value();
    }
    void ask(std::uint32_t days) {
        wire::ToCoordinator message;
        message.mutable_money_request()->set_days(days);
        grid->node_said(node.id, std::move(message));
    }
    /// What the store holds of this kind of device, today.
    store::GridDay today(const std::string& device_class) {
        store::GridDay day;
        const auto now = day_of(clock.wall());
        REQUIRE(write([&](store::Store& s) -> Status {
            GLEANER_TRY(const auto days, s.grid_days(device_class, now, now + 1));
            if (!days.empty()) day = days.front();
            return ok();
        }));
        return day;
    }
};

constexpr auto verdicts = wire::ToNode::kBenchmarkVerdict;
constexpr auto moneys = wire::ToNode::kNodeMoney;

}  // namespace

TEST_CASE_FIXTURE(EarningRig, "a report is answered, kept and, when it comes again, known") {
    join();
    const auto report = report_of_cpu(300);
    hand_in(report);
    REQUIRE(until([&] { return count(verdicts) == 1; }));
    const auto first = last(verdicts)->benchmark_verdict();
    CHECK(first.verdict() == wire::BenchmarkVerdict::UNKNOWN);
    CHECK(first.device() == "cpu");
    CHECK_FALSE(first.known_already());
    hand_in(report);
    REQUIRE(until([&] { return count(verdicts) == 2; }));
    CHECK(last(verdicts)->benchmark_verdict().known_already());
    CHECK(grid->counters().benchmarks_unknown == 1);
    CHECK(grid->counters().benchmarks_refused == 0);
    std::size_t kept = 0;
    REQUIRE(write([&](store::Store& s) -> Status {
        GLEANER_TRY(const auto reports, s.bench_reports(node.id));
        kept = reports.size();
        return ok();
    }));
    CHECK(kept == 1);
}

TEST_CASE_FIXTURE(EarningRig, "a tampered report is refused and not kept") {
    join();
    auto report = report_of_cpu(300);
    report.report_json.replace(report.report_json.find("Test CPU"), 8, "Best CPU");
    hand_in(report);
    REQUIRE(until([&] { return count(verdicts) == 1; }));
    CHECK(last(verdicts)->benchmark_verdict().verdict() == wire::BenchmarkVerdict::REFUSED);
    CHECK(grid->counters().benchmarks_refused == 1);
}

TEST_CASE_FIXTURE(EarningRig, "devices are on offer while their node is there and not paused") {
    join();
    const auto say = [&](bool paused, bool device_paused) {
        wire::ToCoordinator capacity;
        capacity.mutable_capacity()->set_paused(paused);
        if (device_paused) capacity.mutable_capacity()->add_paused_devices()->set_device("cpu");
        grid->node_said(node.id, std::move(capacity));
    };
    const auto counted_once = [&] {
        const Time end = clock.now() + count_interval * 5 / 4;
        REQUIRE(until([&] { return clock.now() > end; }));
    };
    say(true, false);
    counted_once();
    CHECK(today("Test CPU").offered_seconds == 0);
    say(false, true);
    counted_once();
    CHECK(today("Test CPU").offered_seconds == 0);
    say(false, false);
    CHECK(until([&] { return today("Test CPU").offered_seconds > 0; }));
    CHECK(today("Test CPU").offered_seconds <= 3);
}

TEST_CASE_FIXTURE(EarningRig, "a node is told what it earned today and nothing of others' money") {
    const auto job = admit(Rig::lines(3));
    join();
    ask(7);
    REQUIRE(until([&] { return count(moneys) == 1; }));
    const auto before = last(moneys)->node_money();
    CHECK(before.days_size() == 0);
    CHECK(before.currency() == "¥");
    CHECK(day_of_date(before.today()) == day_of(clock.wall()));
    CHECK(day_of_date(before.since()) == day_of(clock.wall()) - 6);
    REQUIRE(before.classes_size() == 1);
    CHECK(before.classes(0).name() == "Test CPU");
    REQUIRE(before.classes(0).devices_size() == 1);
    CHECK(before.classes(0).devices(0) == "cpu");

    grid->open_job(job);
    REQUIRE(until([&] { return !link.leases().empty(); }));
    std::size_t answered = 0;
    REQUIRE(until([&] {
        for (; answered < link.leases().size(); ++answered)
            answer(link.leases()[answered], 2'000'000);
        return !grid->live_counts(job.id).has_value();
    }));
    ask(7);
    REQUIRE(until([&] { return count(moneys) == 2; }));
    const auto after = last(moneys)->node_money();
    REQUIRE(after.days_size() == 1);
    CHECK(after.days(0).pending_micros() > 0);
    CHECK(after.days(0).confirmed_micros() == 0);
    CHECK(after.days(0).sold_seconds() == 2);
    CHECK(after.classes(0).days_size() == 0);  // today is not over
}

TEST_CASE_FIXTURE(EarningRig, "a node is told the end of the account that its owner is paid to") {
    join();
    ask(1);
    REQUIRE(until([&] { return count(moneys) == 1; }));
    CHECK(last(moneys)->node_money().payout_account().empty());
    REQUIRE(write([&](store::Store& s) -> Status {
        GLEANER_TRY(const auto at, s.node(node.id));
        const ledger::Payee payee{ledger::PayoutMethod::bank, "W", "6222021234567896789", "B", ""};
        const store::PayoutParty owner{ledger::PartyKind::owner, at.owner.get()};
        const store::Seal seal = [](std::string_view, std::string_view) {
            return std::string("sealed");
        };
        GLEANER_TRY(store::PayoutAccounts(s).set(owner, payee, seal));
        return ok();
    }));
    ask(1);
    REQUIRE(until([&] { return count(moneys) == 2; }));
    CHECK(last(moneys)->node_money().payout_account() == "****6789");
}

TEST_CASE_FIXTURE(EarningRig, "the rates told are those of the seven days before today") {
    join();
    const auto today_number = day_of(clock.wall());
    // What earlier days left in the store.
    struct Earlier final : Clock {
        [[nodiscard]] Time now() const override { return {}; }
        [[nodiscard]] WallTime wall() const override { return at; }
        WallTime at;
    } earlier;
    {
        const auto path = (folder.path() / "gleaner.db").string();
        auto past = store::Store::open(path, store::Store::Mode::read_write, earlier).value();
        for (const std::int64_t days_ago : {8, 7, 3, 1}) {
            earlier.at = clock.wall() - 24h * days_ago;
            REQUIRE(past->add_offered("Test CPU", 100 + days_ago).has_value());
        }
    }
    ask(1);
    REQUIRE(until([&] { return count(moneys) == 1; }));
    const auto& kind = last(moneys)->node_money().classes(0);
    REQUIRE(kind.days_size() == 3);
    CHECK(day_of_date(kind.days(0).date()) == today_number - 7);
    CHECK(kind.days(0).offered_seconds() == 107);
    CHECK(kind.days(2).offered_seconds() == 101);
}
