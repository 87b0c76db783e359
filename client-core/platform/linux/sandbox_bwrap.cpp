#include "client-core/platform/linux/sandbox_bwrap.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <tuple>
#include <unistd.h>
#include <utility>

#include "client-core/platform/linux/sandboxed_process.h"
#include "client-core/platform/linux/seccomp_policy.h"
#include "client-core/platform/linux/spawn.h"

namespace gleaner {

namespace fs = std::filesystem;

namespace {

/// Root's sandbox runs as somebody else, who must be able to read what is handed in.
Status check_readable_by_all(const SandboxSpec& spec) {
    for (const auto& path : spec.read_only) {
        std::error_code ec;
        const auto permissions = fs::status(path.host, ec).permissions();
        if (!ec && (permissions & fs::perms::others_read) != fs::perms::none) continue;
        return Error(ErrorCode::invalid_argument,
                     "sandbox: " + path.host.string() +
                         " is readable by root only: chmod it a+r (a+rx for a folder)");
    }
    return ok();
}

Status check_spec(const SandboxSpec& spec, bool as_root) {
    if (spec.command.empty() || !spec.command[0].starts_with('/')) {
        return Error(ErrorCode::invalid_argument,
                     "sandbox: the command must begin with an absolute path inside the sandbox");
    }
    const SandboxLimits& limits = spec.limits;
    if (limits.memory_bytes == 0 || limits.tmp_bytes == 0 || limits.file_bytes == 0 ||
        limits.processes == 0 || limits.open_files < 8) {
        return Error(ErrorCode::invalid_argument,
                     "sandbox: every limit must be above 0 (open_files at least 8)");
    }
    for (const auto& path : spec.read_only) {
        std::error_code ec;
        if (!path.inside.starts_with('/') || path.inside.find("..") != std::string::npos) {
            return Error(ErrorCode::invalid_argument,
                         "sandbox: \"" + path.inside + "\" is not an absolute path");
        }
        if (!fs::exists(path.host, ec)) {
            return Error(ErrorCode::not_found, "sandbox: " + path.host.string() +
                                                   " does not exist or cannot be read by the node");
        }
    }
    if (as_root) {
        GLEANER_TRY(check_readable_by_all(spec));
    }
    std::error_code ec;
    if (!spec.socket_dir.empty() && !fs::is_directory(spec.socket_dir, ec)) {
        return Error(ErrorCode::not_found,
                     "sandbox: the socket folder " + spec.socket_dir.string() + " is missing");
    }
    return ok();
}

rlimit fixed(std::uint64_t value) {
    return {value, value};
}

std::vector<std::pair<int, rlimit>> resource_limits(const SandboxSpec& spec) {
    const SandboxLimits& limits = spec.limits;
    std::vector<std::pair<int, rlimit>> result = {
        {RLIMIT_CORE, fixed(0)}, {RLIMIT_MEMLOCK, fixed(0)}, {RLIMIT_MSGQUEUE, fixed(0)}};
    if (spec.weakening.no_limits) return result;
    result.emplace_back(RLIMIT_DATA, fixed(limits.memory_bytes + memory_tolerance_bytes));
    result.emplace_back(RLIMIT_NOFILE, fixed(limits.open_files));
    result.emplace_back(RLIMIT_FSIZE, fixed(limits.file_bytes));
    // GPU drivers reserve address space for all of the GPU's memory and more, without using it.
    if (spec.device_nodes.empty()) {
        result.emplace_back(
            RLIMIT_AS, fixed(limits.memory_bytes + limits.mapped_bytes + memory_tolerance_bytes +
                             address_space_tolerance_bytes));
    }
    return result;
}

Result<UniqueFd> filter_file(const SandboxSpec& spec) {
    SyscallPolicy policy;
    policy.allow_memfd = !spec.device_nodes.empty();
    GLEANER_TRY(const auto program, seccomp_program(policy));
    UniqueFd file(memfd_create("gleaner-seccomp", MFD_CLOEXEC));
    if (file.get() < 0) return error_from_errno("memfd_create for the system call filter", errno);
    if (write(file.get(), program.data(), program.size()) != static_cast<ssize_t>(program.size()) ||
        lseek(file.get(), 0, SEEK_SET) != 0) {
        return error_from_errno("writing the system call filter", errno);
    }
    return file;
}

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return error_from_errno("pipe", errno);
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// Groups that own the GPU's device nodes ("render", "video"), so that the user root becomes may
/// open them.
std::vector<gid_t> groups_of(const std::vector<fs::path>& nodes) {
    std::vector<gid_t> groups;
    for (const auto& node : nodes) {
        struct stat facts {};
        if (stat(node.c_str(), &facts) != 0 || facts.st_gid == 0) continue;
        if (std::find(groups.begin(), groups.end(), facts.st_gid) == groups.end())
            groups.push_back(facts.st_gid);
    }
    return groups;
}

/// A folder to cover with a tmpfs in each child's own mount namespace; on the host it stays empty,
/// so all nodes share it and nobody removes it.
Result<fs::path> find_stage() {
    const fs::path shared = "/run/gleaner-stage";
    if (mkdir(shared.c_str(), 0755) == 0 || errno == EEXIST) {
        struct stat facts {};
        // Not a link that somebody else put there.
        if (lstat(shared.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == 0)
            return shared;
    }
    std::string pattern = "/tmp/gleaner-stage-XXXXXX";
    if (mkdtemp(pattern.data()) != nullptr && chmod(pattern.c_str(), 0755) == 0)
        return fs::path(pattern);
    return error_from_errno("sandbox: no folder can be made in /run or /tmp", errno);
}

BwrapHost look_at_host(const fs::path& bwrap) {
    BwrapHost host;
    host.bwrap_program = bwrap.string();
    host.prlimit_program = "/usr/bin/prlimit";
    for (const char* const folder : {"/lib", "/lib64", "/lib32", "/bin", "/sbin"}) {
        std::error_code ec;
        if (fs::is_symlink(folder, ec)) {
            host.links.emplace_back(fs::read_symlink(folder, ec).string(), folder);
        } else if (fs::is_directory(folder, ec)) {
            host.system_folders.emplace_back(folder);
        }
    }
    return host;
}

/// The user and group of a service user, nobody's when the machine has none of that name. Read from
/// /etc/passwd itself, where packages put service users: getpwnam() would keep name services in
/// memory for a question asked once.
std::pair<uid_t, gid_t> service_user(const std::string& name) {
    constexpr std::pair<uid_t, gid_t> nobody{65534, 65534};
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/etc/passwd", "re"),
                                                               std::fclose);
    if (!file) return nobody;
    while (const passwd* entry = fgetpwent(file.get())) {
        if (name == entry->pw_name) return {entry->pw_uid, entry->pw_gid};
    }
    return nobody;
}

}  // namespace

Result<std::unique_ptr<BwrapSandbox>> BwrapSandbox::create(Options options) {
    std::unique_ptr<BwrapSandbox> sandbox(new BwrapSandbox);
    sandbox->host_ = look_at_host(options.bwrap_program);
    for (const std::string& program :
         {sandbox->host_.bwrap_program, sandbox->host_.prlimit_program}) {
        if (access(program.c_str(), X_OK) == 0) continue;
        return Error(ErrorCode::unsupported,
                     "sandbox: " + program + " is missing: install bubblewrap and util-linux");
    }
    sandbox->root_ = geteuid() == 0;
    if (sandbox->root_) {
        std::tie(sandbox->user_, sandbox->group_) = service_user(options.user);
        GLEANER_TRY(sandbox->stage_, find_stage());
    }
    if (options.use_control_groups) {
        auto groups = std::make_unique<ControlGroups>(ControlGroups::of_this_machine());
        if (groups->available()) sandbox->groups_ = std::move(groups);
    }
    return sandbox;
}

Result<std::unique_ptr<SandboxedProcess>> BwrapSandbox::start(
    const SandboxSpec& spec, const boost::asio::any_io_executor& executor) {
    GLEANER_TRY(check_spec(spec, root_));
    GLEANER_TRY(auto filter, filter_file(spec));
    GLEANER_TRY(auto out, make_pipe());
    GLEANER_TRY(auto err, make_pipe());
    GLEANER_TRY(auto info, make_pipe());
    const UniqueFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));

    SpawnPlan plan;
    std::vector<std::string> sources;
    std::string socket_source = spec.socket_dir.string();
    for (const auto& path : spec.read_only) sources.push_back(fs::absolute(path.host).string());
    if (root_) {
        plan.become_other_user = true;
        plan.identity = {user_, group_, groups_of(spec.device_nodes), stage_.string(), {}};
        const auto stage = [&](std::string& source, std::size_t index) {
            std::error_code ec;
            StagedPath staged{source, (stage_ / std::to_string(index)).string(), false};
            staged.folder = fs::is_directory(source, ec);
            source = staged.target;
            plan.identity.staged.push_back(std::move(staged));
        };
        for (std::size_t i = 0; i < sources.size(); ++i) stage(sources[i], i);
        if (!socket_source.empty()) {
            if (chown(socket_source.c_str(), user_, group_) != 0)
                return error_from_errno("handing over " + socket_source, errno);
            stage(socket_source, sources.size());
        }
    }
    plan.argv = bwrap_arguments(spec, host_, sources, socket_source);
    plan.files = {{nothing.get(), 0},
                  {out.write.get(), 1},
                  {err.write.get(), 2},
                  {info.write.get(), host_.info_fd}};
    if (!spec.weakening.no_syscall_filter) plan.files.emplace_back(filter.get(), host_.seccomp_fd);
    plan.limits = resource_limits(spec);
    plan.niceness = spec.niceness;
    plan.idle_priority = spec.idle_priority;
    std::unique_ptr<ControlGroup> group;
    if (groups_ != nullptr && !spec.weakening.no_limits) {
        group = groups_->make(spec.limits.memory_bytes + spec.limits.mapped_bytes,
                              spec.limits.processes + 4);
        if (group != nullptr) plan.join_files = group->join_files();
    }
    GLEANER_TRY(auto child, spawn(plan));
    ChildPipes pipes{std::move(out.read), std::move(err.read), std::move(info.read)};
    return make_sandboxed_process(executor, std::move(child), std::move(pipes), std::move(group),
                                  spec.stdout_bytes_max, spec.stderr_bytes_max);
}

}  // namespace gleaner
