#pragma once
/// The sandbox on Linux: bubblewrap's namespaces, a seccomp filter, resource limits, and control
/// groups where this process may make them. Works for root (the program then runs as an
/// unprivileged user) and for ordinary users (through user namespaces).

#include <filesystem>
#include <memory>
#include <string>

#include "client-core/platform/linux/bwrap_arguments.h"
#include "client-core/platform/linux/cgroup.h"
#include "client-core/platform/sandbox.h"

namespace gleaner {

class BwrapSandbox final : public Sandbox {
public:
    struct Options {
        std::filesystem::path bwrap_program = "/usr/bin/bwrap";
        /// Whom root becomes; falls back to "nobody" if there is no such user.
        std::string user = "gleaner-engine";
        bool use_control_groups = true;
    };

    /// Looks at the machine once. Errors: unsupported, naming what is missing. May move this
    /// process into a control group of its own (see cgroup.h).
    [[nodiscard]] static Result<std::unique_ptr<BwrapSandbox>> create(Options options);

    [[nodiscard]] Result<std::unique_ptr<SandboxedProcess>> start(
        const SandboxSpec& spec, const boost::asio::any_io_executor& executor) override;

    /// True if memory is limited by a control group too, not by resource limits alone.
    [[nodiscard]] bool has_control_groups() const { return groups_ != nullptr; }

private:
    BwrapSandbox() = default;

    BwrapHost host_;
    std::unique_ptr<ControlGroups> groups_;
    bool root_ = false;
    unsigned user_ = 0;
    unsigned group_ = 0;
    std::filesystem::path stage_;
};

}  // namespace gleaner
