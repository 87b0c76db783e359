#pragma once
/// Waiting for a condition in tests of what runs on an io_context.

#include <chrono>
#include <functional>

#include <boost/asio/io_context.hpp>

namespace gleaner::testing {

/// Runs `io` until the condition holds; false if it does not within the limit.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& condition,
                      std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        io.restart();
        io.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
}

}  // namespace gleaner::testing
