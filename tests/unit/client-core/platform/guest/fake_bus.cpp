#include "tests/unit/client-core/platform/guest/fake_bus.h"

#include <string_view>

namespace gleaner::testing {

namespace {

Services& of(void* self) {
    return *static_cast<Services*>(self);
}

int list_inhibitors(sd_bus_message* call, void* self, sd_bus_error*) {
    sd_bus_message* reply = nullptr;
    sd_bus_message_new_method_return(call, &reply);
    sd_bus_message_open_container(reply, 'a', "(ssssuu)");
    sd_bus_message_append(reply, "(ssssuu)", "sleep", "somebody", "why", "delay", 0, 1);
    // The node itself, which must not take its own for a film.
    sd_bus_message_append(reply, "(ssssuu)", "idle", "Gleaner", "why", "block", 0,
                          static_cast<std::uint32_t>(getpid()));
    const std::string& what = of(self).inhibited;
    if (!what.empty())
        sd_bus_message_append(reply, "(ssssuu)", what.c_str(), "player", "film", "block", 1000, 1);
    sd_bus_message_close_container(reply);
    const int sent = sd_bus_send(nullptr, reply, nullptr);
    sd_bus_message_unref(reply);
    return sent;
}

int list_sessions(sd_bus_message* call, void* self, sd_bus_error*) {
    ++of(self).lists_asked;
    sd_bus_message* reply = nullptr;
    sd_bus_message_new_method_return(call, &reply);
    sd_bus_message_open_container(reply, 'a', "(susso)");
    sd_bus_message_append(reply, "(susso)", "9", 1000, "remote", "",
                          "/org/freedesktop/login1/session/_39");
    if (of(self).somebody)
        sd_bus_message_append(reply, "(susso)", "1", 1000, "person", "seat0",
                              "/org/freedesktop/login1/session/_31");
    sd_bus_message_close_container(reply);
    const int sent = sd_bus_send(nullptr, reply, nullptr);
    sd_bus_message_unref(reply);
    return sent;
}

int inhibit(sd_bus_message* call, void* self, sd_bus_error*) {
    Services& services = of(self);
    const char* what = nullptr;
    const char* who = nullptr;
    const char* why = nullptr;
    const char* mode = nullptr;
    sd_bus_message_read(call, "ssss", &what, &who, &why, &mode);
    services.inhibit_asked = std::string(what) + " " + mode;
    REQUIRE(pipe2(services.shutdown_pipe.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    const int sent = sd_bus_reply_method_return(call, "h", services.shutdown_pipe[1]);
    close(services.shutdown_pipe[1]);
    return sent;
}

int get(sd_bus*, const char*, const char*, const char* property, sd_bus_message* reply, void* self,
        sd_bus_error*) {
    const Services& services = of(self);
    const std::string_view name = property;
    if (name == "IdleHint") return sd_bus_message_append(reply, "b", services.idle);
    if (name == "IdleSinceHintMonotonic")
        return sd_bus_message_append(reply, "t", services.idle_since);
    if (name == "PreparingForShutdown")
        return sd_bus_message_append(reply, "b", services.preparing);
    if (name == "Active") return sd_bus_message_append(reply, "b", services.active);
    if (name == "LockedHint") return sd_bus_message_append(reply, "b", services.locked);
    if (name == "Class") return sd_bus_message_append(reply, "s", services.session_class.c_str());
    if (name == "Type") return sd_bus_message_append(reply, "s", services.session_type.c_str());
    if (name == "Metered") return sd_bus_message_append(reply, "u", services.metered);
    return sd_bus_message_append(reply, "s", "something that nobody asks for");
}

const sd_bus_vtable manager[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("ListInhibitors", "", "a(ssssuu)", list_inhibitors, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("ListSessions", "", "a(susso)", list_sessions, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Inhibit", "ssss", "h", inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("BlockInhibited", "s", get, 0, 0),
    SD_BUS_PROPERTY("IdleHint", "b", get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("IdleSinceHintMonotonic", "t", get, 0, 0),
    SD_BUS_PROPERTY("PreparingForShutdown", "b", get, 0, 0),
    SD_BUS_VTABLE_END};

const sd_bus_vtable session[] = {SD_BUS_VTABLE_START(0),
                                 SD_BUS_PROPERTY("Active", "b", get, 0, 0),
                                 SD_BUS_PROPERTY("Name", "s", get, 0, 0),
                                 SD_BUS_PROPERTY("Class", "s", get, 0, 0),
                                 SD_BUS_PROPERTY("Type", "s", get, 0, 0),
                                 SD_BUS_PROPERTY("LockedHint", "b", get, 0, 0),
                                 SD_BUS_VTABLE_END};

const sd_bus_vtable network[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Metered", "u", get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END};

}  // namespace

Services::Services(const MessageBus& bus) {
    REQUIRE(sd_bus_new(&bus_) >= 0);
    REQUIRE(sd_bus_set_address(bus_, bus.address().c_str()) >= 0);
    REQUIRE(sd_bus_set_bus_client(bus_, 1) >= 0);
    REQUIRE(sd_bus_start(bus_) >= 0);
    REQUIRE(sd_bus_add_object_vtable(bus_, nullptr, "/org/freedesktop/login1",
                                     "org.freedesktop.login1.Manager", manager, this) >= 0);
    REQUIRE(sd_bus_add_object_vtable(bus_, nullptr, "/org/freedesktop/login1/session/_31",
                                     "org.freedesktop.login1.Session", session, this) >= 0);
    REQUIRE(sd_bus_add_object_vtable(bus_, nullptr, "/org/freedesktop/NetworkManager",
                                     "org.freedesktop.NetworkManager", network, this) >= 0);
    REQUIRE(sd_bus_request_name(bus_, "org.freedesktop.login1", 0) >= 0);
    REQUIRE(sd_bus_request_name(bus_, "org.freedesktop.NetworkManager", 0) >= 0);
}

}  // namespace gleaner::testing
