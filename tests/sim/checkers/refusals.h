#pragma once
/// A request that honest engines answer fails as refused only when nodes of two sites have refused
/// it, or after all attempts.

#include <map>
#include <set>
#include <string>

#include "shared/model/ids.h"
#include "tests/sim/checkers/violations.h"

namespace gleaner::sim {

class RefusalChecker {
public:
    explicit RefusalChecker(Violations& violations) : violations_(violations) {}

    void refused(const JobId& job, std::uint32_t item, const SiteId& site) {
        sites_[{job, item}].insert(site);
    }
    /// Settled as refused by the engine, which no honest one would have done.
    void settled(const JobId& job, std::uint32_t item, bool all_attempts_used) {
        if (sites_[{job, item}].size() < 2 && !all_attempts_used)
            violations_.add("item " + std::to_string(item) + " of " + job.get() +
                            " failed on the word of one site");
    }
    void forget() { sites_.clear(); }  // the coordinator died

private:
    Violations& violations_;
    std::map<std::pair<JobId, std::uint32_t>, std::set<SiteId>> sites_;
};

}  // namespace gleaner::sim
