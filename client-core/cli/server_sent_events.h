#pragma once
/// Cuts a stream of server-sent events into the data of each.

#include <functional>
#include <string>
#include <string_view>

namespace gleaner::cli {

/// Feed it bytes as they come; it calls `each` with the data of every finished event.
class ServerSentEvents {
public:
    void feed(std::string_view bytes, const std::function<void(std::string_view data)>& each);

private:
    std::string line_;  ///< not yet ended
    std::string data_;  ///< of the event under way
};

}  // namespace gleaner::cli
