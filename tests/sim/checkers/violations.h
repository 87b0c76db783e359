#pragma once
/// What a run did wrong.

#include <string>
#include <vector>

namespace gleaner::sim {

class Violations {
public:
    void add(std::string what) {
        if (list_.size() < 20) list_.push_back(std::move(what));
        ++count_;
    }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] const std::vector<std::string>& list() const { return list_; }

private:
    std::vector<std::string> list_;
    std::size_t count_ = 0;
};

}  // namespace gleaner::sim
