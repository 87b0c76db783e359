#pragma once
/// Slows down whoever tries enrolment tokens: a bucket of failures per address. Pure.

#include <cstddef>
#include <string>
#include <unordered_map>

#include "shared/util/clock.h"

namespace gleaner::gateway {

/// An address may fail `burst` times at once, then once per `refill`. Bounded: with `max_addresses`
/// in it, the one that failed longest ago is forgotten. Order of the map never reaches a decision
/// but this one.
class WrongTokens {
public:
    struct Options {
        std::size_t burst = 20;
        Duration refill = 3s;
        std::size_t max_addresses = 10'000;
    };
    explicit WrongTokens(Options options) : options_(options) {}

    /// Zero: may try now. Else how long the address has to wait.
    [[nodiscard]] Duration wait_for(const std::string& address, Time now) const;
    void note_failure(const std::string& address, Time now);
    [[nodiscard]] std::size_t size() const { return addresses_.size(); }

private:
    /// A leaky bucket as one number: when it will be empty again.
    struct Bucket {
        Time empty_at;
    };
    void make_room(Time now);

    Options options_;
    std::unordered_map<std::string, Bucket> addresses_;
};

}  // namespace gleaner::gateway
