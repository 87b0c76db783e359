#pragma once
/// The processes of this machine: their names, which are the node's own, and how much processor
/// time those took. Not thread-safe; refresh() reads /proc and takes a millisecond or so.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/util/clock.h"

namespace gleaner::guest {

/// What /proc/<pid>/stat tells.
struct ProcessStat {
    std::string name;  ///< cut to 15 characters by the kernel
    std::int64_t parent = 0;
    bool kernel = false;  ///< a thread of the kernel, no program
    /// Clock ticks of it and of its children that ended and were waited for.
    std::uint64_t ticks = 0;
    std::uint64_t started = 0;  ///< clock ticks after the system; tells a reused number apart
};

/// Nothing for a text that is no such file.
[[nodiscard]] std::optional<ProcessStat> parse_process_stat(std::string_view text);

struct Process {
    std::string name;     ///< as the kernel has it: what a program under Wine is called, too
    std::string program;  ///< file name of its executable; empty if that is not to be read
    std::int64_t parent = 0;
    std::uint64_t started = 0;  ///< as ProcessStat
    bool kernel = false;
    bool own = false;
    bool opened_gpu = false;  ///< when last looked at, it held a node of /dev/dri
    Time first_seen;
};

class ProcessTable {
public:
    /// A process that is younger is read anew each time: it may yet execute another program.
    static constexpr Duration young = 60s;

    /// `look_for_gpus`: also find out who holds nodes of /dev/dri.
    explicit ProcessTable(std::filesystem::path root, bool look_for_gpus = false)
        : root_(std::move(root)), look_for_gpus_(look_for_gpus) {}

    /// Reads what is new, and anew what is young, and of the rest a twelfth in turn. `own_roots`
    /// are processes that are the node's with all that descend from them.
    void refresh(Time now, const std::vector<std::int64_t>& own_roots);

    [[nodiscard]] const std::map<std::int64_t, Process>& all() const { return processes_; }
    [[nodiscard]] bool own(std::int64_t pid) const;
    /// The program's file name, or else what the kernel calls it; "process 7" if it is not known.
    [[nodiscard]] std::string name_of(std::int64_t pid) const;
    /// Names of those that are neither the node's nor the kernel's, both kinds; sorted, each once.
    [[nodiscard]] std::vector<std::string> programs() const;
    /// Clock ticks of the node's own processes until now; read anew by each call.
    [[nodiscard]] std::uint64_t own_ticks() const;
    void look_for_gpus(bool look) { look_for_gpus_ = look; }

private:
    bool read(std::int64_t pid, Time now, Process& process) const;
    [[nodiscard]] bool holds_gpu(std::int64_t pid) const;
    void find_own(const std::vector<std::int64_t>& own_roots);

    std::filesystem::path root_;
    bool look_for_gpus_;
    std::map<std::int64_t, Process> processes_;
    std::int64_t turn_ = 0;
};

}  // namespace gleaner::guest
