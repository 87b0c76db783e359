/// Aim: the work loop's promises under arbitrary orders of events. Method: a small engine and a
/// small coordinator drive it from a seed; they keep their own books and compare.

#include <map>
#include <set>

#include <doctest/doctest.h>

#include "client-core/core/work_loop/machine.h"
#include "shared/util/random.h"

namespace gleaner::work {
namespace {

const Sha256 model{std::string(64, 'a')};

/// Drives one loop. The coordinator's view: which items of which lease are still owed.
class World {
public:
    explicit World(std::uint64_t seed) : random_(seed), loop_(small()) {
        feed(Connected{});
        feed(ModelLoading{model});
        feed(ModelReady{model, "cpu", 3});
    }

    void step() {
        now_ = now_ + Duration{static_cast<std::int64_t>(random_.below(3'000))};
        switch (random_.below(12)) {
            case 0:
                lend();
                break;
            case 1:
                stream();
                break;
            case 2:
                toggle_connection();
                break;
            case 3:
                crash();
                break;
            case 4:
                if (!streams_.empty()) feed(StreamCancelled{StreamId{*streams_.begin()}});
                break;
            case 5:
                if (random_.chance(0.1)) feed(Reclaim{"user"}), feed(Resume{});
                break;
            case 6:
                if (connected_ && !owed_.empty() && random_.chance(0.2)) revoke();
                break;
            case 7:
                feed(Tick{});
                break;
            default:
                end_one();
                break;
        }
    }

    void finish() {
        if (!connected_) toggle_connection();
        feed(ShutDown{1s});
        now_ = now_ + Duration{1s};
        feed(Tick{});
        CHECK(complete_);
        CHECK(running_.empty());
        CHECK(owed_.empty());
        CHECK(streams_.empty());
    }

    std::uint64_t transcript() const { return transcript_; }
    int results() const { return results_; }

private:
    static WorkLoopOptions small() {
        WorkLoopOptions options;
        options.results_per_frame_max = 3;
        options.result_bytes_max = 200;
        options.body_bytes_max = 400;
        options.resend_window = 4ms;
        return options;
    }

    void feed(Event event) {
        const auto commands = loop_.on(std::move(event), now_);
        loop_.check_invariants();
        for (const Command& command : commands) {
            transcript_ = transcript_ * 1099511628211u + command.index() + 1;
            std::visit([this](const auto& c) { obey(c); }, command);
        }
    }

    void obey(const StartRun& c) {
        CHECK_FALSE(complete_);
        CHECK(running_.insert(c.run.get()).second);
    }
    void obey(const CancelRun& c) { running_.erase(c.run.get()); }
    void obey(const SendResults& c) {
        CHECK(connected_);
        for (const auto& result : c.results) {
            ++results_;
            const auto lease = owed_.find(result.lease.get());
            REQUIRE(lease != owed_.end());
            received_.insert({result.lease.get(), result.index});
            lease->second.erase(result.index);
            if (lease->second.empty()) done_.insert(lease->first);
        }
        for (const auto id : done_) owed_.erase(id);
    }
    void obey(const SendLeaseReturn& c) {
        CHECK(connected_);
        const auto lease = owed_.find(c.lease.get());
        REQUIRE(lease != owed_.end());
        // Results come before the return, so both sides agree on what is unfinished.
        CHECK(lease->second == std::set<std::uint32_t>(c.unfinished.begin(), c.unfinished.end()));
        owed_.erase(lease);
    }
    void obey(const SendStreamEnd& c) {
        CHECK(connected_);
        CHECK(streams_.erase(c.stream.get()) == 1);
    }
    void obey(const SendCapacity& /*c*/) { CHECK(connected_); }
    void obey(const Wake& c) { CHECK(c.at >= now_); }
    void obey(const ShutDownComplete& /*c*/) { complete_ = true; }

    void lend() {
        if (!connected_) return;
        const std::uint64_t id = next_++;
        LeaseReceived event{.lease = LeaseId{id}, .model = model};
        event.deadline = Duration{static_cast<std::int64_t>(random_.below(60'000) + 1)};
        const auto count = static_cast<std::uint32_t>(random_.below(8) + 1);
        for (std::uint32_t i = 0; i < count; ++i) {
            event.items.push_back({i, Endpoint::completions, std::string(random_.below(40), 'x')});
            owed_[id].insert(i);
        }
        feed(std::move(event));
    }
    void stream() {
        if (!connected_) return;
        const std::uint64_t id = next_++;
        streams_.insert(id);
        feed(StreamReceived{StreamId{id}, model, Endpoint::completions, "s", Duration{30'000}});
    }
    void toggle_connection() {
        connected_ = !connected_;
        if (!connected_) {
            feed(Disconnected{});
            streams_.clear();
            return;
        }
        // The network ate some of the last results: the coordinator keeps a lease exactly if the
        // node names everything that is still owed.
        Connected event;
        std::set<std::uint64_t> kept;
        for (const HeldLease& held : loop_.held()) {
            if (!owed_.contains(held.lease.get())) {
                // Received in full: may be re-sent, the coordinator counts it once.
                continue;
            }
            const std::set<std::uint32_t> has(held.unfinished.begin(), held.unfinished.end());
            for (const std::uint32_t index : owed_.at(held.lease.get())) CHECK(has.contains(index));
            event.keep.push_back(held.lease);
            kept.insert(held.lease.get());
        }
        std::erase_if(owed_, [&](const auto& entry) { return !kept.contains(entry.first); });
        feed(std::move(event));
    }
    void crash() {
        if (random_.chance(0.7)) return make_ready();  // throttled, or no longer
        feed(ModelLoading{model});
        while (!running_.empty()) {
            end(*running_.begin(), {.failure = {.code = FailureCode::engine_crashed}});
        }
        if (random_.chance(0.2)) feed(ModelGone{model, {.code = FailureCode::engine_crashed}});
        make_ready();
    }
    void make_ready() {
        feed(ModelReady{model, "cpu", static_cast<std::uint32_t>(random_.below(4) + 1),
                        random_.chance(0.7)});
    }
    void revoke() {
        const std::uint64_t id = owed_.begin()->first;
        owed_.erase(id);
        feed(LeaseRevoked{LeaseId{id}});
    }
    void end_one() {
        if (running_.empty()) return;
        auto it = running_.begin();
        std::advance(it, static_cast<std::ptrdiff_t>(random_.below(running_.size())));
        end(*it, {.body = std::string(random_.below(30), 'r')});
    }
    void end(std::uint64_t run, Outcome outcome) {
        running_.erase(run);
        feed(RunEnded{RunId{run}, std::move(outcome)});
    }

    Random random_;
    WorkLoop loop_;
    Time now_{1'000'000};
    bool connected_ = true;
    bool complete_ = false;
    std::uint64_t next_ = 1;
    std::set<std::uint64_t> running_;
    std::map<std::uint64_t, std::set<std::uint32_t>> owed_;
    std::set<std::pair<std::uint64_t, std::uint32_t>> received_;
    std::set<std::uint64_t> done_;
    std::set<std::uint64_t> streams_;
    std::uint64_t transcript_ = 14695981039346656037u;
    int results_ = 0;
};

TEST_CASE("under random events nothing owed is lost, and both sides' books agree") {
    int results = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        World world(seed);
        for (int i = 0; i < 1'500; ++i) world.step();
        world.finish();
        results += world.results();
    }
    CHECK(results > 2'000);
}

TEST_CASE("the same seed gives the same commands") {
    const auto run = [](std::uint64_t seed) {
        World world(seed);
        for (int i = 0; i < 500; ++i) world.step();
        return world.transcript();
    };
    CHECK(run(7) == run(7));
    CHECK(run(7) != run(8));
}

}  // namespace
}  // namespace gleaner::work
