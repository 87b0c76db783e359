#pragma once
/// What all connections of one gateway share. Internal to coordinator/gateway.

#include <boost/asio/ssl/context.hpp>
#include <boost/intrusive/list.hpp>

#include "coordinator/gateway/gateway.h"
#include "coordinator/gateway/neighbours.h"
#include "coordinator/gateway/wrong_tokens.h"
#include "shared/async/notification.h"
#include "shared/util/random.h"

namespace gleaner::gateway {

using ConnectionHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class Connection;
using ConnectionList =
    boost::intrusive::list<Connection, boost::intrusive::base_hook<ConnectionHook>,
                           boost::intrusive::constant_time_size<false>>;

struct Shared {
    GatewayOptions options;
    GatewayNeeds needs;
    boost::asio::ssl::context context;
    GatewayCounters counters;
    WrongTokens wrong_tokens;
    Neighbours neighbours;
    Random random;
    ConnectionList handshaking;  ///< oldest first
    ConnectionList serving;
    std::size_t handshakes = 0;
    Notification handshake_ended;
    /// The time of the watchdog's last round: exact enough for deadlines of seconds, and free.
    Time coarse_now;
    bool stopping = false;
};

}  // namespace gleaner::gateway
