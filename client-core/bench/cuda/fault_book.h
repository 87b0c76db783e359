#pragma once
/// Wrong results, gathered by figure, with the first of each kept to show.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/bench_report.h"

namespace gleaner::cuda {

class FaultBook {
public:
    /// `mismatch` describes the first wrong value; looked at only if there is one.
    void add(std::string_view figure, std::uint64_t checked, std::uint64_t wrong,
             const std::string& mismatch) {
        checked_ += checked;
        if (BenchFault* const known = find(figure)) {
            known->checked += checked;
            known->wrong += wrong;
        } else if (wrong > 0) {
            faults_.push_back({std::string(figure), checked, wrong, mismatch});
        }
    }
    /// All values compared so far, right ones too.
    [[nodiscard]] std::uint64_t checked() const { return checked_; }
    [[nodiscard]] const std::vector<BenchFault>& faults() const { return faults_; }

private:
    [[nodiscard]] BenchFault* find(std::string_view figure) {
        for (BenchFault& fault : faults_) {
            if (fault.figure == figure) return &fault;
        }
        return nullptr;
    }

    std::vector<BenchFault> faults_;
    std::uint64_t checked_ = 0;
};

}  // namespace gleaner::cuda
