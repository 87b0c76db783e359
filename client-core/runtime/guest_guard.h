#pragma once
/// Keeps the node out of its owner's way: finds out what goes on, decides by the settings in force,
/// and remembers what the person said. Settings and learned idle times are files in the node's
/// folder.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "client-core/core/guest/free_hours.h"
#include "client-core/core/guest/idle_history.h"
#include "client-core/core/guest/policy.h"
#include "client-core/core/guest/settings.h"
#include "client-core/platform/guest_watch.h"
#include "shared/util/clock.h"

namespace gleaner {

/// Single-threaded. `watch` is a seam for tests.
class GuestGuard {
public:
    /// A damaged file is put aside as *.damaged, told by problems(), and does not end anything.
    GuestGuard(std::filesystem::path folder, std::unique_ptr<GuestWatch> watch, const Clock& clock,
               const boost::asio::any_io_executor& executor);
    GuestGuard(const GuestGuard&) = delete;
    GuestGuard& operator=(const GuestGuard&) = delete;
    ~GuestGuard();

    /// `on_decision`: what decision() says of verdicts, memory or reasons has changed, or the
    /// settings in force have. For the first input after quiet it is called within the event that
    /// brought it.
    void start(std::function<void()> on_decision);
    [[nodiscard]] boost::asio::awaitable<void> stop();

    [[nodiscard]] const guest::Decision& decision() const { return decision_; }
    [[nodiscard]] const guest::Facts& facts() const { return facts_; }
    [[nodiscard]] guest::IdleBucket forecast() const;
    /// Seconds of each day of the week, Monday first, in which this machine has been on offer by
    /// the settings in force.
    [[nodiscard]] std::array<std::int64_t, 7> on_offer() const;
    /// In seconds, until the present reason ends by itself; 0: not known.
    [[nodiscard]] std::uint32_t ends_in_s() const;
    [[nodiscard]] std::vector<WatchSource> sources() const { return watch_->sources(); }
    /// What was wrong with the files at the start; for the activity log.
    [[nodiscard]] const std::vector<Sentence>& problems() const { return problems_; }

    // ---- what the person says ----
    void pause(std::optional<Duration> how_long);
    void pause_until_tomorrow();
    void resume();
    /// A pause of the person's is in force, or outlasts its time for a game or film.
    [[nodiscard]] bool paused_by_person() const;
    void seat(bool taken);
    void clear_failure(const std::string& device);

    // ---- settings ----
    [[nodiscard]] const guest::Settings& local() const { return local_; }
    [[nodiscard]] const std::optional<guest::Settings>& site() const { return site_; }
    [[nodiscard]] guest::Settings in_force() const;
    /// Saved before they count. Errors: those of check() and save_settings().
    [[nodiscard]] Status set_local(guest::Settings settings);
    /// The site's owner's; nothing: they have none (any more). Kept for the time offline.
    [[nodiscard]] Status set_site(std::optional<guest::Settings> settings);

    // ---- what the node says ----
    void device_failed(const std::string& device, const std::string& why);
    void set_devices(std::vector<WatchedDevice> devices);
    /// Something is in memory: others' use is looked for every second, else every five.
    void set_busy(bool busy);
    void set_month_bytes(std::uint64_t bytes);
    /// Work is handed back: the system may go down.
    void release_shutdown() { watch_->release_shutdown(); }

private:
    [[nodiscard]] guest::Moment moment() const;
    [[nodiscard]] guest::Settings read(const std::filesystem::path& file, bool& found);
    template <class Learned>
    void read_learned(const char* name, Learned& learned);
    void save_history();
    void decide();
    void learn(const guest::Moment& now);
    /// Facts that do not change call nobody, and yet the time counts.
    void learn_each_minute();
    void wait_to_look();
    void settings_changed();

    std::filesystem::path folder_;
    std::unique_ptr<GuestWatch> watch_;
    const Clock& clock_;
    std::function<void()> on_decision_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer minute_;
    guest::Policy policy_;
    guest::IdleHistory history_;
    guest::FreeHours free_hours_;
    guest::Settings local_;
    std::optional<guest::Settings> site_;
    guest::Facts facts_;
    guest::Seat seat_ = guest::Seat::unknown;
    std::uint64_t month_bytes_ = 0;
    guest::Decision decision_;
    std::vector<Sentence> problems_;
    Time history_saved_;
    bool started_ = false;
};

}  // namespace gleaner
