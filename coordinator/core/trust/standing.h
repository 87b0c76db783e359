#pragma once
/// What a (node, device, driver, engine, model) has earned: trust from checks, a quota of items it
/// may hold, and its observed speed. Checks move trust; failures that others managed move the
/// quota; outages, lost connections, reclaimed machines and poison items move nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coordinator/core/trust/speed.h"
#include "shared/util/clock.h"

namespace gleaner::core {

class Standing {
public:
    /// A canary answered, replicas that agree: evidence for. `weight` 1 is a canary.
    void check_passed(double weight = 1);
    /// A known answer missed, outvoted by replicas, an implausible result: evidence against.
    void check_failed();

    /// [0,1]; a stranger has 0.5.
    [[nodiscard]] double trust() const { return good_ / (good_ + bad_); }
    /// Its results count as verified: high trust and the last check passed.
    [[nodiscard]] bool trusted() const { return last_passed_ && trust() >= trusted_from; }
    /// It gets no customer's work until it has passed checks again.
    [[nodiscard]] bool distrusted() const { return trust() < distrusted_below; }
    /// At least one check has been passed since it was last failed.
    [[nodiscard]] bool checked() const { return last_passed_; }
    /// Share of items to be canaries: `base` for the fully trusted, up to a quarter for strangers'
    /// opposite, the distrusted.
    [[nodiscard]] double canary_share(double base) const;

    void item_accepted();
    /// A failure that is the node's: its quota halves.
    void blamed(Time now);
    /// Most items it may hold now, at least 1. A reduced quota comes back with time too.
    [[nodiscard]] std::uint32_t quota(Time now) const;
    /// The node is here: from now on a reduced quota taken up from the store comes back with time.
    void present(Time now) {
        if (!reduced_at_) reduced_at_ = now;
    }

    Speed speed;

    /// For SaveStanding. The quota's recovery starts anew after a restart.
    [[nodiscard]] std::string to_json() const;
    /// Nothing when the text is not what to_json wrote.
    [[nodiscard]] static std::optional<Standing> from_json(std::string_view json);

    static constexpr double trusted_from = 0.9;
    static constexpr double distrusted_below = 0.2;
    static constexpr double quota_start = 64;
    static constexpr double quota_max = 8'192;

private:
    double good_ = 1;  ///< Beta-like evidence; older evidence fades with each new piece
    double bad_ = 1;
    bool last_passed_ = false;
    double quota_ = quota_start;
    std::optional<Time> reduced_at_;
};

}  // namespace gleaner::core
