#pragma once
/// A real X server without a screen, for one test.

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

namespace gleaner::testing {

/// Started with a key, which only those who know its authority file have.
class Xvfb {
public:
    explicit Xvfb(const std::string& key = "secret-sixteen-b") {
        folder_.write("authority", authority(key));
        std::array<int, 2> told{};
        REQUIRE(pipe2(told.data(), O_CLOEXEC) == 0);
        pid_ = fork();
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when the test crashes
            const int number = fcntl(told[1], F_DUPFD, 3);
            const int nothing = open("/dev/null", O_WRONLY);
            dup2(nothing, STDOUT_FILENO);
            dup2(nothing, STDERR_FILENO);
            execlp("Xvfb", "Xvfb", "-displayfd", std::to_string(number).c_str(), "-auth",
                   authority_file().c_str(), "-screen", "0", "640x480x24", "-nolisten", "tcp",
                   nullptr);
            _exit(127);
        }
        close(told[1]);
        std::string text;
        char letter = 0;
        while (read(told[0], &letter, 1) == 1 && letter != '\n') text += letter;
        close(told[0]);
        REQUIRE_MESSAGE(!text.empty(),
                        "Xvfb does not start: run installer/setup, which installs xvfb");
        display_ = std::stoi(text);
    }
    Xvfb(const Xvfb&) = delete;
    Xvfb& operator=(const Xvfb&) = delete;
    ~Xvfb() { stop(); }

    void stop() {
        if (pid_ <= 0) return;
        kill(pid_, SIGTERM);
        waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

    [[nodiscard]] int display() const { return display_; }
    [[nodiscard]] std::string display_name() const { return ":" + std::to_string(display_); }
    [[nodiscard]] std::string authority_file() const { return folder_.path() / "authority"; }

    /// Real input, through the server's XTEST.
    void xdotool(const std::string& arguments) const {
        const std::string command = "DISPLAY=" + display_name() +
                                    " XAUTHORITY=" + authority_file() + " xdotool " + arguments;
        REQUIRE_MESSAGE(std::system(command.c_str()) == 0,
                        "xdotool fails: run installer/setup, which installs it");
    }

private:
    /// For every machine (family 65535) and every display.
    static std::string authority(const std::string& key) {
        const auto part = [](const std::string& text) {
            return std::string{'\0', static_cast<char>(text.size())} + text;
        };
        return std::string("\xff\xff", 2) + part("") + part("") + part("MIT-MAGIC-COOKIE-1") +
               part(key);
    }

    TemporaryFolder folder_;
    pid_t pid_ = -1;
    int display_ = -1;
};

}  // namespace gleaner::testing
