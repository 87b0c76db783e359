#pragma once
/// Nodes ordered by a key, once for each way a privacy class may ask for them, so that a request
/// finds the best node it may use without looking at those it may not.

#include <cstdint>
#include <limits>
#include <map>
#include <set>

#include "shared/model/privacy.h"

namespace gleaner::core {

/// Position of a node, job, model, owner … in the scheduler's tables.
using Index = std::uint32_t;
inline constexpr Index nowhere = std::numeric_limits<Index>::max();

template <class Key>
class ClassIndex {
public:
    void insert(const Key& key, Index owner, bool certified) {
        all_.insert(key);
        if (certified) certified_.insert(key);
        of_owner_[owner].insert(key);
    }

    void erase(const Key& key, Index owner) {
        all_.erase(key);
        certified_.erase(key);
        // An empty set stays: whoever walks over it may be the cause of this removal.
        if (const auto found = of_owner_.find(owner); found != of_owner_.end())
            found->second.erase(key);
    }

    /// The nodes that work of this class may use; the reference stays good. `owner`: whose own
    /// sites; only for `own`.
    [[nodiscard]] const std::set<Key>& of(PrivacyClass privacy, Index owner) const {
        static const std::set<Key> none;
        switch (privacy) {
            case PrivacyClass::any:
                return all_;
            case PrivacyClass::certified:
                return certified_;
            case PrivacyClass::own:
                break;
        }
        const auto found = of_owner_.find(owner);
        return found == of_owner_.end() ? none : found->second;
    }

    [[nodiscard]] const std::set<Key>& all() const { return all_; }

private:
    std::set<Key> all_;
    std::set<Key> certified_;
    std::map<Index, std::set<Key>> of_owner_;
};

}  // namespace gleaner::core
