#pragma once
/// The functions of libsystemd's D-Bus client used here, loaded at run time: systems without
/// systemd have no such library, and the node must start there too.

#include <memory>
#include <systemd/sd-bus.h>

#include "shared/util/result.h"

namespace gleaner::guest {

// Each name is a function of that library, and a member here with the type its header gives it.
#define GLEANER_SD_BUS(FUNCTION)             \
    FUNCTION(sd_bus_new)                     \
    FUNCTION(sd_bus_open_system)             \
    FUNCTION(sd_bus_set_address)             \
    FUNCTION(sd_bus_set_bus_client)          \
    FUNCTION(sd_bus_start)                   \
    FUNCTION(sd_bus_close)                   \
    FUNCTION(sd_bus_unref)                   \
    FUNCTION(sd_bus_get_fd)                  \
    FUNCTION(sd_bus_get_events)              \
    FUNCTION(sd_bus_process)                 \
    FUNCTION(sd_bus_match_signal_async)      \
    FUNCTION(sd_bus_message_new_method_call) \
    FUNCTION(sd_bus_message_set_auto_start)  \
    FUNCTION(sd_bus_message_append)          \
    FUNCTION(sd_bus_message_unref)           \
    FUNCTION(sd_bus_call_async)              \
    FUNCTION(sd_bus_message_is_method_error) \
    FUNCTION(sd_bus_message_read)            \
    FUNCTION(sd_bus_message_skip)            \
    FUNCTION(sd_bus_message_enter_container) \
    FUNCTION(sd_bus_message_exit_container)  \
    FUNCTION(sd_bus_message_get_member)      \
    FUNCTION(sd_bus_message_get_interface)

/// Stays loaded while it lives.
class BusLibrary {
public:
    /// unsupported: the library is missing or too old.
    [[nodiscard]] static Result<std::unique_ptr<BusLibrary>> open();
    ~BusLibrary();
    BusLibrary(const BusLibrary&) = delete;
    BusLibrary& operator=(const BusLibrary&) = delete;

#define GLEANER_MEMBER(name) decltype(&::name) name = nullptr;
    GLEANER_SD_BUS(GLEANER_MEMBER)
#undef GLEANER_MEMBER

private:
    BusLibrary() = default;
    void* handle_ = nullptr;
};

}  // namespace gleaner::guest
