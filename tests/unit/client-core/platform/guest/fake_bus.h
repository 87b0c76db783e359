#pragma once
/// A real message bus of one's own, with a logind and a NetworkManager that say what the test
/// wants.

#include <array>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

namespace gleaner::testing {

/// dbus-daemon on a socket in a folder of its own.
class MessageBus {
public:
    MessageBus() {
        const std::string socket = folder_.path() / "bus";
        folder_.write("bus.conf", "<busconfig><type>session</type><listen>unix:path=" + socket +
                                      "</listen><auth>EXTERNAL</auth><policy context=\"default\">"
                                      "<allow user=\"*\"/><allow own=\"*\"/>"
                                      "<allow send_destination=\"*\"/><allow receive_sender=\"*\"/>"
                                      "</policy></busconfig>");
        const std::string file = "--config-file=" + (folder_.path() / "bus.conf").string();
        std::array<int, 2> told{};
        REQUIRE(pipe2(told.data(), O_CLOEXEC) == 0);
        pid_ = fork();
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when the test crashes
            const std::string address =
                "--print-address=" + std::to_string(fcntl(told[1], F_DUPFD, 3));
            execlp("dbus-daemon", "dbus-daemon", file.c_str(), address.c_str(), "--nofork",
                   nullptr);
            _exit(127);
        }
        close(told[1]);
        char letter = 0;
        while (read(told[0], &letter, 1) == 1 && letter != '\n') address_ += letter;
        close(told[0]);
        REQUIRE_MESSAGE(!address_.empty(),
                        "dbus-daemon does not start: run installer/setup, which installs dbus");
    }
    MessageBus(const MessageBus&) = delete;
    MessageBus& operator=(const MessageBus&) = delete;
    ~MessageBus() { stop(); }
    void stop() {
        if (pid_ <= 0) return;
        kill(pid_, SIGTERM);
        waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    [[nodiscard]] const std::string& address() const { return address_; }

private:
    TemporaryFolder folder_;
    pid_t pid_ = -1;
    std::string address_;
};

/// The services; serve() must be called again and again.
class Services {
public:
    explicit Services(const MessageBus& bus);
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;
    ~Services() {
        sd_bus_flush_close_unref(bus_);
        if (shutdown_pipe[0] >= 0) close(shutdown_pipe[0]);
    }
    void serve() {
        while (sd_bus_process(bus_, nullptr) > 0) {
        }
    }
    /// Tells that a property of logind's has changed.
    void changed() {
        sd_bus_emit_properties_changed(bus_, "/org/freedesktop/login1",
                                       "org.freedesktop.login1.Manager", "IdleHint", nullptr);
    }
    void metered_changed() {
        sd_bus_emit_properties_changed(bus_, "/org/freedesktop/NetworkManager",
                                       "org.freedesktop.NetworkManager", "Metered", nullptr);
    }
    void prepare_for_shutdown(bool begins) {
        preparing = begins ? 1 : 0;
        sd_bus_emit_signal(bus_, "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                           "PrepareForShutdown", "b", preparing);
    }
    /// The node holds the shutdown: nobody has closed the other end.
    [[nodiscard]] bool held() const {
        if (shutdown_pipe[0] < 0) return false;
        char letter = 0;
        return read(shutdown_pipe[0], &letter, 1) != 0;
    }

    int idle = 0;
    std::uint64_t idle_since = 0;
    int preparing = 0;
    int active = 1;
    int locked = 0;
    std::string session_class = "user";
    std::string session_type = "x11";
    int lists_asked = 0;    ///< how often the sessions were asked for
    bool somebody = true;   ///< there is a session at the screen
    std::string inhibited;  ///< by a player, "what" of it
    std::uint32_t metered = 0;
    std::array<int, 2> shutdown_pipe = {-1, -1};
    std::string inhibit_asked;

private:
    sd_bus* bus_ = nullptr;
};

}  // namespace gleaner::testing
