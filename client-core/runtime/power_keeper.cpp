#include "client-core/runtime/power_keeper.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "client-core/platform/linux/nvidia_power.h"
#include "shared/util/replace_file.h"

namespace gleaner {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

/// A limit that we have set. Milliwatts.
struct Limited {
    std::string uuid;
    std::uint32_t before = 0;
    std::uint32_t ours = 0;
};

std::vector<Limited> read(const fs::path& file) {
    std::vector<Limited> all;
    std::ifstream in(file);
    for (Limited one; in >> one.uuid >> one.before >> one.ours;) all.push_back(one);
    return all;
}

Status write(const fs::path& file, const std::vector<Limited>& all) {
    if (all.empty()) {
        std::error_code ignored;
        fs::remove(file, ignored);
        return ok();
    }
    std::string text;
    for (const Limited& one : all)
        text += one.uuid + " " + std::to_string(one.before) + " " + std::to_string(one.ours) + "\n";
    return replace_file(file, text);
}

class Change {
public:
    Change(const fs::path& file, const NvidiaPower& power, std::vector<NvidiaPowerLimit> limits)
        : file_(file), power_(power), limits_(std::move(limits)), limited_(read(file)) {}

    /// Puts back every limit of ours that is not what `wanted` asks for.
    void put_back(const PowerWishes& wanted) {
        std::erase_if(limited_, [&](const Limited& one) {
            const auto gpu = std::ranges::find(limits_, one.uuid, &NvidiaPowerLimit::uuid);
            // Gone, or somebody else's limit by now: nothing of ours is left.
            if (gpu == limits_.end() || gpu->now != one.ours) return true;
            const auto wish = wanted.find(gpu->minor);
            if (wish != wanted.end() && gpu->at(wish->second) == one.ours) return false;
            const Status set = power_.set(one.uuid, one.before);
            note(set);
            if (set) gpu->now = one.before;
            return set.has_value();
        });
        note(write(file_, limited_));
    }

    void take(const PowerWishes& wanted) {
        for (const NvidiaPowerLimit& gpu : limits_) {
            const auto wish = wanted.find(gpu.minor);
            if (wish == wanted.end() || gpu.at(wish->second) >= gpu.now) continue;
            // What was must be in the file before it is no more.
            limited_.push_back({gpu.uuid, gpu.now, gpu.at(wish->second)});
            Status set = write(file_, limited_);
            if (set) set = power_.set(gpu.uuid, limited_.back().ours);
            if (!set) {
                note(set);
                limited_.pop_back();
                note(write(file_, limited_));
            }
        }
    }

    [[nodiscard]] const Status& outcome() const { return outcome_; }

private:
    void note(const Status& status) {
        if (outcome_ && !status) outcome_ = status;
    }

    const fs::path& file_;
    const NvidiaPower& power_;
    std::vector<NvidiaPowerLimit> limits_;
    std::vector<Limited> limited_;
    Status outcome_ = ok();
};

}  // namespace

Status apply_power(const fs::path& file, const NvidiaManagement::Places& places,
                   const PowerWishes& wanted) {
    std::error_code unreadable;
    if (wanted.empty() && !fs::exists(file, unreadable)) return ok();
    GLEANER_TRY(const auto power, NvidiaPower::open(places));
    GLEANER_TRY(auto limits, power->limits());
    Change change(file, *power, std::move(limits));
    change.put_back(wanted);
    change.take(wanted);
    return change.outcome();
}

PowerKeeper::PowerKeeper(fs::path file, NvidiaManagement::Places places, OnProblem on_problem,
                         const asio::any_io_executor& executor)
    : file_(std::move(file)),
      places_(std::move(places)),
      on_problem_(std::move(on_problem)),
      worker_(executor),
      tasks_(executor) {}

void PowerKeeper::want(PowerWishes wanted) {
    wanted_ = std::move(wanted);
    if (applied_ == wanted_ || following_) return;
    following_ = true;
    (void)tasks_.spawn(follow());
}

asio::awaitable<void> PowerKeeper::follow() {
    while (applied_ != wanted_) {
        applied_ = wanted_;
        std::function<Status()> job = [this, wanted = wanted_] {
            return apply_power(file_, places_, wanted);
        };
        const Status applied = co_await worker_.run(std::move(job));
        if (!applied) on_problem_(applied.error());
    }
    following_ = false;
}

asio::awaitable<void> PowerKeeper::stop() {
    want({});
    co_await tasks_.join();
}

}  // namespace gleaner
