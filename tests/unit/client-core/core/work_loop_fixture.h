#pragma once
/// A work loop in virtual time: feeds it events, collects its commands.

#include <string>
#include <variant>
#include <vector>

#include "client-core/core/work_loop/machine.h"

namespace gleaner::work {

inline const Sha256 model{std::string(64, 'a')};
inline const Sha256 other_model{std::string(64, 'b')};

struct Fixture {
    explicit Fixture(WorkLoopOptions options = {}) : loop(options) {}

    std::vector<Command> on(Event event) {
        auto commands = loop.on(std::move(event), now);
        loop.check_invariants();
        for (const Command& command : commands) {
            if (const auto* start = std::get_if<StartRun>(&command)) started.push_back(*start);
        }
        return commands;
    }
    std::vector<Command> after(Duration d) {
        now = now + d;
        return on(Tick{});
    }
    void ready(std::uint32_t slots = 2) {
        (void)on(Connected{});
        (void)on(ModelLoading{model});
        (void)on(ModelReady{model, "cpu", slots});
    }
    std::vector<Command> lease(std::uint64_t id, std::uint32_t items, Duration deadline = 60s) {
        LeaseReceived event{.lease = LeaseId{id}, .model = model, .deadline = deadline};
        for (std::uint32_t i = 0; i < items; ++i) {
            event.items.push_back({i, Endpoint::chat_completions, "{}"});
        }
        return on(std::move(event));
    }
    std::vector<Command> stream(std::uint64_t id) {
        return on(StreamReceived{StreamId{id}, model, Endpoint::chat_completions, "{}", 60s});
    }
    std::vector<Command> end(RunId run, Outcome outcome = {.body = "done"}) {
        return on(RunEnded{run, std::move(outcome)});
    }

    WorkLoop loop;
    Time now{1'000'000};
    std::vector<StartRun> started;
};

template <class C>
std::vector<C> only(const std::vector<Command>& commands) {
    std::vector<C> found;
    for (const Command& command : commands) {
        if (const auto* c = std::get_if<C>(&command)) found.push_back(*c);
    }
    return found;
}

}  // namespace gleaner::work
