#pragma once
/// Nodes ordered by a key, once for each pool that work may ask for, so that a request finds the
/// best node it may use without looking at those it may not.

#include <cstdint>
#include <limits>
#include <map>
#include <set>

#include "shared/model/privacy.h"

namespace gleaner::core {

/// Position of a node, job, model, owner … in the scheduler's tables.
using Index = std::uint32_t;
inline constexpr Index nowhere = std::numeric_limits<Index>::max();

/// The nodes that some work may use: those of its privacy class that nobody has reserved, or those
/// of one reservation, which are of its class already.
struct Pool {
    PrivacyClass privacy = PrivacyClass::any;
    Index owner = nowhere;  ///< whose own sites; only for `own`
    Index reservation = nowhere;
    friend auto operator<=>(const Pool&, const Pool&) = default;
};

template <class Key>
class ClassIndex {
public:
    void insert(const Key& key, Index owner, bool certified, Index reservation) {
        if (reservation != nowhere) {
            reserved_[reservation].insert(key);
            return;
        }
        shared_.insert(key);
        if (certified) certified_.insert(key);
        of_owner_[owner].insert(key);
    }

    /// `reservation`: as it was inserted with.
    void erase(const Key& key, Index owner, Index reservation) {
        // An empty set stays: whoever walks over it may be the cause of this removal.
        if (reservation != nowhere) {
            reserved_[reservation].erase(key);
            return;
        }
        shared_.erase(key);
        certified_.erase(key);
        if (const auto found = of_owner_.find(owner); found != of_owner_.end())
            found->second.erase(key);
    }

    /// The nodes of the pool; the reference stays good.
    [[nodiscard]] const std::set<Key>& of(const Pool& pool) const {
        if (pool.reservation != nowhere) return find(reserved_, pool.reservation);
        switch (pool.privacy) {
            case PrivacyClass::any:
                return shared_;
            case PrivacyClass::certified:
                return certified_;
            case PrivacyClass::own:
                break;
        }
        return find(of_owner_, pool.owner);
    }

    /// Reserved or not.
    [[nodiscard]] std::set<Key> everywhere() const {
        std::set<Key> all = shared_;
        for (const auto& [reservation, keys] : reserved_) all.insert(keys.begin(), keys.end());
        return all;
    }

private:
    [[nodiscard]] static const std::set<Key>& find(const std::map<Index, std::set<Key>>& sets,
                                                   Index index) {
        static const std::set<Key> none;
        const auto found = sets.find(index);
        return found == sets.end() ? none : found->second;
    }

    std::set<Key> shared_;
    std::set<Key> certified_;
    std::map<Index, std::set<Key>> of_owner_;
    std::map<Index, std::set<Key>> reserved_;
};

}  // namespace gleaner::core
