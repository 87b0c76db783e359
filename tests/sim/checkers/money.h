#pragma once
/// Each attempt is billed at most once, every entry balances, holds never go below zero and are
/// gone at the end, and all postings sum to zero.

#include <map>
#include <set>
#include <string>

#include "coordinator/ledger/ledger.h"
#include "tests/sim/checkers/violations.h"

namespace gleaner::sim {

class MoneyChecker {
public:
    explicit MoneyChecker(Violations& violations) : violations_(violations) {}

    void post(const ledger::Entry& entry) {
        if (!keys_.insert(entry.key).second) violations_.add("posted twice: " + entry.key);
        if (!ledger::balanced(entry)) violations_.add("does not balance: " + entry.key);
        for (const auto& posting : entry.postings) {
            balances_[posting.account.name] += posting.amount.micros;
            const auto& name = posting.account.name;
            if (name.starts_with("hold:") && balances_[name] < 0)
                violations_.add(name + " is below zero after " + entry.key);
        }
    }
    [[nodiscard]] std::int64_t balance(const std::string& account) const {
        const auto found = balances_.find(account);
        return found == balances_.end() ? 0 : found->second;
    }
    void end() {
        std::int64_t sum = 0;
        for (const auto& [account, amount] : balances_) {
            sum += amount;
            if (account.starts_with("hold:") && amount != 0)
                violations_.add(account + " still holds " + std::to_string(amount));
        }
        if (sum != 0) violations_.add("all postings sum to " + std::to_string(sum));
    }
    [[nodiscard]] std::size_t entries() const { return keys_.size(); }

private:
    Violations& violations_;
    std::set<std::string> keys_;
    std::map<std::string, std::int64_t> balances_;
};

}  // namespace gleaner::sim
