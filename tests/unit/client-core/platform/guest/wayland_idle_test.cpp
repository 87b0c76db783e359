// Against a real Wayland server (libwayland-server) in the test itself, which offers the protocol
// as compositors do and says what the test wants it to.
#include "client-core/platform/linux/guest/wayland_idle.h"

#include <ext-idle-notify-v1-server-protocol.h>
#include <functional>
#include <optional>
#include <string>
#include <wayland-server.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"
#include "tests/unit/client-core/platform/guest/run_until.h"

namespace gleaner::guest {
namespace {

class Compositor {
public:
    explicit Compositor(bool offers_idleness)
        : socket_(folder_.path() / "wayland-0"), display_(wl_display_create()) {
        REQUIRE(wl_display_add_socket(display_, socket_.c_str()) == 0);
        // Others stand before it, as on a real desktop.
        wl_display_init_shm(display_);
        wl_global_create(display_, &wl_seat_interface, 5, this, bind_seat);
        if (offers_idleness)
            wl_global_create(display_, &ext_idle_notifier_v1_interface, 1, this, bind_notifier);
    }
    Compositor(const Compositor&) = delete;
    Compositor& operator=(const Compositor&) = delete;
    ~Compositor() { end(); }

    void end() {
        if (display_ == nullptr) return;
        wl_display_destroy_clients(display_);
        wl_display_destroy(display_);
        display_ = nullptr;
    }
    void serve() {
        if (display_ == nullptr) return;
        wl_event_loop_dispatch(wl_display_get_event_loop(display_), 0);
        wl_display_flush_clients(display_);
    }
    void say_idle(bool idle) const {
        if (idle) {
            ext_idle_notification_v1_send_idled(notification);
        } else {
            ext_idle_notification_v1_send_resumed(notification);
        }
    }
    [[nodiscard]] const std::string& socket() const { return socket_; }

    wl_resource* notification = nullptr;
    std::uint32_t timeout = 0;

private:
    static void bind_seat(wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
        wl_resource* const seat =
            wl_resource_create(client, &wl_seat_interface, static_cast<int>(version), id);
        wl_resource_set_implementation(seat, nullptr, self, nullptr);
        wl_seat_send_capabilities(seat, WL_SEAT_CAPABILITY_POINTER);
        if (version >= 2) wl_seat_send_name(seat, "seat0");
    }
    static void bind_notifier(wl_client* client, void* self, std::uint32_t version,
                              std::uint32_t id) {
        static const struct ext_idle_notifier_v1_interface implementation = {
            [](wl_client*, wl_resource* resource) { wl_resource_destroy(resource); },
            [](wl_client* asking, wl_resource* resource, std::uint32_t new_id,
               std::uint32_t timeout_ms, wl_resource* seat) {
                auto* const compositor =
                    static_cast<Compositor*>(wl_resource_get_user_data(resource));
                CHECK(wl_resource_instance_of(seat, &wl_seat_interface, nullptr) != 0);
                compositor->timeout = timeout_ms;
                compositor->notification =
                    wl_resource_create(asking, &ext_idle_notification_v1_interface, 1, new_id);
            }};
        wl_resource* const notifier = wl_resource_create(client, &ext_idle_notifier_v1_interface,
                                                         static_cast<int>(version), id);
        wl_resource_set_implementation(notifier, &implementation, self, nullptr);
    }

    testing::TemporaryFolder folder_;
    std::string socket_;
    wl_display* display_;
};

struct Rig {
    boost::asio::io_context io;
    Compositor compositor;
    int changes = 0;
    WaylandIdle idle{compositor.socket(), io.get_executor(), [this] { ++changes; }};
    std::optional<Status> ended;

    explicit Rig(bool offers_idleness) : compositor(offers_idleness) {
        boost::asio::co_spawn(io, run(), [](const std::exception_ptr&) {});
    }
    ~Rig() {
        compositor.end();
        io.restart();
        io.run();
    }
    boost::asio::awaitable<void> run() {
        Status status = co_await idle.run();
        ended = std::move(status);
    }
    bool run_until(const std::function<bool()>& condition) {
        return testing::run_until(io, [&] {
            compositor.serve();
            return condition();
        });
    }
};

TEST_CASE("Wayland: the compositor tells when a person goes and comes") {
    Rig rig(true);
    REQUIRE(rig.run_until([&] { return rig.compositor.notification != nullptr; }));
    CHECK(rig.compositor.timeout == 1000);
    CHECK(rig.idle.works());
    CHECK(rig.idle.active());
    rig.compositor.say_idle(true);
    CHECK(rig.run_until([&] { return !rig.idle.active(); }));
    const int before = rig.changes;
    rig.compositor.say_idle(false);
    CHECK(rig.run_until([&] { return rig.idle.active(); }));
    CHECK(rig.changes == before + 1);
    CHECK_FALSE(rig.ended);
    rig.compositor.end();
    CHECK(rig.run_until([&] { return rig.ended.has_value(); }));
    CHECK_FALSE(rig.idle.works());
}

TEST_CASE("Wayland: a compositor that does not tell is reported as such") {
    Rig rig(false);
    REQUIRE(rig.run_until([&] { return rig.ended.has_value(); }));
    REQUIRE_FALSE(*rig.ended);
    CHECK(rig.ended->error().code() == ErrorCode::unsupported);
    CHECK(rig.ended->error().message().find("ext-idle-notify-v1") != std::string::npos);
    CHECK_FALSE(rig.idle.works());
}

}  // namespace
}  // namespace gleaner::guest
