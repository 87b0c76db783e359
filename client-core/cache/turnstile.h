#pragma once
/// Lets one coroutine in at a time, in the order of arrival. For one executor; needs no lock.

#include <list>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace gleaner {

/// Must outlive those inside and those who wait.
class Turnstile {
public:
    explicit Turnstile(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// Held by the one inside; leaving lets the next one in.
    class Turn {
    public:
        explicit Turn(Turnstile& turnstile) : turnstile_(&turnstile) {}
        Turn(Turn&& other) noexcept : turnstile_(std::exchange(other.turnstile_, nullptr)) {}
        Turn& operator=(Turn&&) = delete;
        ~Turn() {
            if (turnstile_ != nullptr) turnstile_->leave();
        }

    private:
        Turnstile* turnstile_;
    };

    /// Throws operation_aborted when cancelled while waiting.
    [[nodiscard]] boost::asio::awaitable<Turn> enter();

private:
    void leave();

    boost::asio::any_io_executor executor_;
    bool occupied_ = false;
    std::list<boost::asio::steady_timer> waiting_;
};

}  // namespace gleaner
