#include "client-core/platform/linux/guest/process_table.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "client-core/platform/linux/guest/system_file.h"

namespace gleaner::guest {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t turns = 12;
constexpr std::uint64_t kernel_thread_flag = 0x00200000;  // PF_KTHREAD of linux/sched.h
constexpr std::string_view deleted_mark = " (deleted)";   // an update replaced the running file

/// The numbers behind the name: field n of proc(5) is fields[n - 4].
std::vector<std::uint64_t> fields_after_state(std::string_view text) {
    std::vector<std::uint64_t> fields;
    while (fields.size() < 19) {
        const auto first = text.find_first_not_of(' ');
        if (first == std::string_view::npos) break;
        text.remove_prefix(first);
        const auto end = std::min(text.find(' '), text.size());
        // Some of them may be negative; none that is used here.
        fields.push_back(leading_number<std::uint64_t>(text.substr(0, end)).value_or(0));
        text.remove_prefix(end);
    }
    return fields;
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
    // The name may itself hold blanks and parentheses: its end is the last one.
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
        text.size() < close + 4)
        return std::nullopt;
    const auto fields = fields_after_state(text.substr(close + 3));
    if (fields.size() < 19) return std::nullopt;
    ProcessStat stat;
    stat.name = text.substr(open + 1, close - open - 1);
    stat.parent = static_cast<std::int64_t>(fields[0]);
    stat.kernel = (fields[5] & kernel_thread_flag) != 0;
    stat.started = fields[18];
    stat.ticks = fields[10] + fields[11] + fields[12] + fields[13];
    return stat;
}

bool ProcessTable::read(std::int64_t pid, Time now, Process& process) const {
    const fs::path folder = root_ / "proc" / std::to_string(pid);
    const auto text = read_system_file(folder / "stat", 4096);
    const auto stat = text ? parse_process_stat(*text) : std::nullopt;
    if (!stat) return false;
    if (process.started != stat->started) {  // new, or another one has got its number
        process = {};
        process.first_seen = now;
        process.started = stat->started;
    }
    process.name = stat->name;
    process.parent = stat->parent;
    process.kernel = stat->kernel;
    if (process.kernel) return true;
    std::error_code ec;
    std::string program = fs::read_symlink(folder / "exe", ec).filename().string();
    if (program.ends_with(deleted_mark)) program.resize(program.size() - deleted_mark.size());
    process.program = std::move(program);
    process.opened_gpu = look_for_gpus_ && holds_gpu(pid);
    return true;
}

bool ProcessTable::holds_gpu(std::int64_t pid) const {
    const fs::path folder = root_ / "proc" / std::to_string(pid) / "fd";
    const auto names = names_in(folder);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        std::error_code ec;
        return fs::read_symlink(folder / name, ec).native().starts_with("/dev/dri/");
    });
}

void ProcessTable::refresh(Time now, const std::vector<std::int64_t>& own_roots) {
    const auto pids = numbers_in(root_ / "proc");
    turn_ = (turn_ + 1) % turns;
    std::erase_if(processes_, [&](const auto& entry) {
        return !std::binary_search(pids.begin(), pids.end(), entry.first);
    });
    for (const std::int64_t pid : pids) {
        const auto [place, is_new] = processes_.try_emplace(pid);
        Process& process = place->second;
        const bool due = is_new || now - process.first_seen < young || pid % turns == turn_;
        if (due && !(process.kernel && !is_new) && !read(pid, now, process))
            processes_.erase(place);
    }
    find_own(own_roots);
}

void ProcessTable::find_own(const std::vector<std::int64_t>& own_roots) {
    for (auto& [pid, process] : processes_) {
        process.own = std::find(own_roots.begin(), own_roots.end(), pid) != own_roots.end();
    }
    // A child usually has the greater number, so that one pass does, but numbers start anew.
    for (bool changed = true; changed;) {
        changed = false;
        for (auto& [pid, process] : processes_) {
            if (process.own || !own(process.parent)) continue;
            process.own = true;
            changed = true;
        }
    }
}

bool ProcessTable::own(std::int64_t pid) const {
    const auto found = processes_.find(pid);
    return found != processes_.end() && found->second.own;
}

std::string ProcessTable::name_of(std::int64_t pid) const {
    const auto found = processes_.find(pid);
    if (found == processes_.end()) return "process " + std::to_string(pid);
    return found->second.program.empty() ? found->second.name : found->second.program;
}

std::vector<std::string> ProcessTable::programs() const {
    std::set<std::string> names;
    for (const auto& [pid, process] : processes_) {
        if (process.own || process.kernel) continue;
        if (!process.name.empty()) names.insert(process.name);
        if (!process.program.empty()) names.insert(process.program);
    }
    return {names.begin(), names.end()};
}

std::uint64_t ProcessTable::own_ticks() const {
    std::uint64_t ticks = 0;
    for (const auto& [pid, process] : processes_) {
        if (!process.own) continue;
        const auto text = read_system_file(root_ / "proc" / std::to_string(pid) / "stat", 4096);
        const auto stat = text ? parse_process_stat(*text) : std::nullopt;
        if (stat && stat->started == process.started) ticks += stat->ticks;
    }
    return ticks;
}

}  // namespace gleaner::guest
