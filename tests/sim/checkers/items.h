#pragma once
/// No item is lost, none is settled twice. Knows nothing of how the scheduler works.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "shared/model/ids.h"
#include "tests/sim/checkers/violations.h"

namespace gleaner::sim {

class ItemChecker {
public:
    explicit ItemChecker(Violations& violations) : violations_(violations) {}

    void opened(const JobId& job, std::uint32_t items) { jobs_[job].items = items; }
    void cancelled(const JobId& job) { jobs_[job].cut_short = true; }
    void expired(const JobId& job) { jobs_[job].cut_short = true; }

    /// Reached the store.
    void settled(const JobId& job, std::uint32_t item) {
        auto& record = jobs_[job];
        if (item >= record.items)
            violations_.add(job.get() + ": item " + std::to_string(item) + " does not exist");
        if (!record.settled.insert(item).second)
            violations_.add(job.get() + ": item " + std::to_string(item) + " settled twice");
        if (record.drained) violations_.add(job.get() + ": an item settled after the job's end");
    }

    void drained(const JobId& job) {
        auto& record = jobs_[job];
        if (record.drained) violations_.add(job.get() + ": drained twice");
        record.drained = true;
        if (!record.cut_short && record.settled.size() != record.items)
            violations_.add(job.get() + ": ended with " + std::to_string(record.settled.size()) +
                            " of " + std::to_string(record.items) + " items settled");
    }

    [[nodiscard]] std::vector<std::uint32_t> settled_of(const JobId& job) const {
        const auto& settled = jobs_.at(job).settled;
        return {settled.begin(), settled.end()};
    }
    [[nodiscard]] bool all_drained() const {
        for (const auto& [id, job] : jobs_)
            if (!job.drained) return false;
        return true;
    }
    void end() {
        for (const auto& [id, job] : jobs_)
            if (!job.drained)
                violations_.add(id.get() + ": did not end, " + std::to_string(job.settled.size()) +
                                " of " + std::to_string(job.items) + " items settled");
    }

private:
    struct Record {
        std::uint32_t items = 0;
        std::set<std::uint32_t> settled;
        bool cut_short = false;
        bool drained = false;
    };
    Violations& violations_;
    std::map<JobId, Record> jobs_;
};

}  // namespace gleaner::sim
