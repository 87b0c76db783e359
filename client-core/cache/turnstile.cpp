#include "client-core/cache/turnstile.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace gleaner {

namespace asio = boost::asio;

asio::awaitable<Turnstile::Turn> Turnstile::enter() {
    if (!occupied_) {
        occupied_ = true;
        co_return Turn(*this);
    }
    const auto place =
        waiting_.emplace(waiting_.end(), executor_, asio::steady_timer::time_point::max());
    constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
    co_await place->async_wait(quietly);
    // leave() hands over by setting the expiry into the past; a cancelled wait leaves it alone.
    const bool admitted = place->expiry() == asio::steady_timer::time_point::min();
    waiting_.erase(place);
    if (admitted) co_return Turn(*this);
    throw boost::system::system_error(asio::error::operation_aborted);
}

void Turnstile::leave() {
    for (asio::steady_timer& next : waiting_) {
        if (next.expiry() == asio::steady_timer::time_point::min()) continue;
        next.expires_at(asio::steady_timer::time_point::min());  // wakes it; occupied_ stays true
        return;
    }
    occupied_ = false;
}

}  // namespace gleaner
