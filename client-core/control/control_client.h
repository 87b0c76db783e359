#pragma once
/// The other end of the local socket, for gleanerctl: one request after another, blocking.

#include <filesystem>
#include <string>

#include "shared/proto/control_frame.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner {

namespace control {
class ToNode;
class ToProgram;
}  // namespace control

/// Not thread-safe.
class ControlClient {
public:
    /// Connects and says hello. Errors: unavailable (no node runs there: the message tells how to
    /// start one), unsupported (another version), timeout.
    [[nodiscard]] static Result<ControlClient> open(const std::filesystem::path& path,
                                                    std::string program);
    ControlClient(ControlClient&& other) noexcept;
    ControlClient& operator=(ControlClient&&) = delete;
    ~ControlClient();

    /// Sends the request (its id is filled in) and returns the answer to it; what comes unasked in
    /// between is dropped. A Refusal is the error that it names. Errors besides: unavailable,
    /// timeout.
    [[nodiscard]] Result<control::ToProgram> ask(control::ToNode request, Duration within = 30s);
    /// The next unasked State, or unavailable when the node went away.
    [[nodiscard]] Result<control::ToProgram> next(Duration within);

private:
    explicit ControlClient(int socket) : socket_(socket) {}
    [[nodiscard]] Status send(const control::ToNode& message);

    int socket_;
    std::uint64_t last_id_ = 0;
    control::FrameReader reader_;
};

}  // namespace gleaner
