#pragma once
/// GET /node/v1/artefacts/{sha256} (with Range) and …/chunks. Internal to coordinator/gateway.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "coordinator/gateway/connection.h"

namespace gleaner::gateway {

struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t length = 0;
    bool partial = false;
};

/// Of a file of `size` bytes: the whole without a Range header, else one range ("bytes=5-9",
/// "bytes=5-", "bytes=-5"). Errors: invalid_argument (not understood, several ranges, outside).
[[nodiscard]] Result<ByteRange> parse_range(std::string_view header, std::uint64_t size);

/// Answers a request below /node/v1/artefacts/ of an admitted node. Errors: the connection broke,
/// or the file did in the middle of a reply: close.
[[nodiscard]] boost::asio::awaitable<Status> answer_artefact(Shared& shared, Connection& connection,
                                                             Request request);

}  // namespace gleaner::gateway
