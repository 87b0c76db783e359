/// Policy: what pauses all of the machine.

#include <algorithm>

#include "client-core/core/guest/policy.h"

namespace gleaner::guest {

namespace {

constexpr std::uint32_t hour_minutes = 60;
constexpr std::uint32_t day_minutes = 24 * 60;
constexpr std::uint32_t week_minutes = 7 * day_minutes;
constexpr Duration input_pause = std::chrono::seconds(2);
constexpr Duration resume_click = std::chrono::seconds(30);
constexpr std::uint64_t gb = 1'000'000'000;

/// The program that would suffer, whatever the settings pause for.
std::string program_in_use(const Facts& facts, const Settings& settings) {
    const bool away = facts.locked.value_or(false);
    if (!away && facts.full_screen && !facts.full_screen->empty()) return *facts.full_screen;
    for (const auto& program : facts.programs)
        if (is_game(program, settings)) return program;
    return facts.film.value_or("");
}

/// Minutes until the schedule first allows (`on`) or forbids an hour; a week when it never does.
std::uint32_t minutes_until(const Settings& settings, const Moment& moment, bool on) {
    const std::uint32_t minute = moment.weekday * day_minutes + moment.minute_of_day();
    std::uint32_t hours = 1;
    while (hours < settings.hours.size() &&
           settings.hours[(minute / hour_minutes + hours) % settings.hours.size()] != on)
        ++hours;
    return std::min(hours * hour_minutes - minute % hour_minutes, week_minutes);
}

std::uint32_t minutes_to(std::uint32_t minute_of_day, const Moment& moment) {
    return (minute_of_day + day_minutes - moment.minute_of_day() - 1) % day_minutes + 1;
}

}  // namespace

Policy::Found Policy::whole_machine(const Facts& facts, const Settings& settings,
                                    const Moment& moment) {
    if (facts.shutting_down) return {.reason = Reason::shutting_down};
    // All of them look, so that each knows what it saw when it comes to decide.
    const Found by_person = person(facts, settings, moment.now);
    const Found by_calendar = calendar(facts, settings, moment);
    const Found by_presence = presence(facts, settings, moment.now);
    const Found by_supplies = supplies(facts, settings, moment.now);
    for (const Found* found : {&by_person, &by_calendar}) {
        if (found->reason == Reason::none) continue;
        if (found->details.left > Duration{}) ends_ = moment.now + found->details.left;
        return *found;
    }
    // Slow work beside somebody must not hide that it may not go on at all.
    const bool pauses = by_presence.reason != Reason::none && !by_presence.throttles;
    if (pauses || by_supplies.reason == Reason::none) {
        if (by_presence.details.left > Duration{}) ends_ = moment.now + by_presence.details.left;
        return by_presence;
    }
    return by_supplies;
}

Policy::Found Policy::person(const Facts& facts, const Settings& settings, Time now) {
    if (!paused_) return {};
    if (!paused_until_) return {.reason = Reason::paused_by_person};
    if (now < *paused_until_) {
        look_at(*paused_until_);
        return {.reason = Reason::paused_by_person, .details = {.left = *paused_until_ - now}};
    }
    const std::string program = program_in_use(facts, settings);
    if (!program.empty())
        return {.reason = Reason::snoozed_for_program, .details = {.name = program}};
    paused_ = false;
    paused_until_.reset();
    return {};
}

Policy::Found Policy::calendar(const Facts& facts, const Settings& settings, const Moment& moment) {
    const auto left = [&](std::uint32_t minutes) {
        const Duration wait =
            std::chrono::minutes(minutes) - std::chrono::seconds(moment.second_of_day % 60);
        look_at(moment.now + wait);
        return wait;
    };
    const std::size_t hour = moment.weekday * 24 + moment.minute_of_day() / hour_minutes;
    const bool on = settings.hours[hour % settings.hours.size()];
    if (!settings.hours.all() && !settings.hours.none()) {
        const Duration until = left(minutes_until(settings, moment, !on));
        if (!on) return {.reason = Reason::schedule, .details = {.left = until}};
    }
    if (!on) return {.reason = Reason::schedule};
    if (!has_business_hours(settings)) return {};
    if (!in_business(settings, moment.minute_of_day())) {
        (void)left(minutes_to(settings.business_from_minute, moment));
        return {};
    }
    const Duration until = left(minutes_to(settings.business_to_minute, moment));
    if (facts.seat == Seat::free) return {};
    return {.reason = Reason::business_hours, .details = {.left = until}};
}

Policy::Found Policy::presence(const Facts& facts, const Settings& settings, Time now) {
    if (facts.seat == Seat::taken) return {.reason = Reason::seat_taken};
    for (const auto& program : facts.programs)
        if (is_game(program, settings))
            return {.reason = Reason::game, .details = {.name = program}};
    const bool away = facts.locked.value_or(false);
    if (settings.pause_on_full_screen && !away && facts.full_screen && !facts.full_screen->empty())
        return {.reason = Reason::full_screen, .details = {.name = *facts.full_screen}};
    if (settings.pause_on_film && facts.film && !facts.film->empty())
        return {.reason = Reason::film, .details = {.name = *facts.film}};
    if (settings.when_in_use == Settings::InUse::run) return {};

    const bool slowly = settings.when_in_use == Settings::InUse::throttle;
    const bool free_seat = facts.seat == Seat::free;
    if (!facts.last_input) {
        // A server has nobody at it, and the billing software would know. Else better safe.
        if (free_seat || (facts.desktop && !*facts.desktop) || resumed_at_) return {};
        return {.reason = Reason::unknown_use, .details = {}, .throttles = slowly};
    }
    // The click on "resume" is input, too.
    if (resumed_at_ && *facts.last_input <= *resumed_at_ + resume_click) return {};
    Duration wait = std::max<Duration>(std::chrono::minutes(settings.idle_minutes), input_pause);
    // Billing software and a locked screen say that nobody is here: input may be an accident.
    if (free_seat || away) wait = std::min(wait, seat_free_wait);
    const Time free_at = *facts.last_input + wait;
    if (now >= free_at) return {};
    look_at(free_at);
    const Duration left = std::min<Duration>(free_at - now, wait);
    return {.reason = Reason::in_use, .details = {.left = left}, .throttles = slowly};
}

Policy::Found Policy::supplies(const Facts& facts, const Settings& settings, Time now) {
    const std::uint32_t limit = settings.others_cpu_percent;
    const std::uint32_t used = facts.others_cpu_percent.value_or(0);
    // Once it is busy it must be clearly less so for a while: work must not flutter.
    const bool busy = limit > 0 && used > (others_cpu_.on ? limit * 4 / 5 : limit);
    if (busy) others_cpu_ = {true, now};
    if (limit == 0 || now >= others_cpu_.seen + quiet_after) others_cpu_.on = busy;
    if (others_cpu_.on) {
        if (!busy) look_at(others_cpu_.seen + quiet_after);
        return {.reason = Reason::others_cpu, .details = {.number = used}};
    }
    if (settings.pause_on_battery && facts.on_battery.value_or(false))
        return {.reason = Reason::on_battery};
    if (settings.pause_on_metered && facts.metered.value_or(false))
        return {.reason = Reason::metered};
    if (settings.month_bytes > 0 && facts.month_bytes >= settings.month_bytes)
        return {.reason = Reason::traffic_cap, .details = {.number = settings.month_bytes / gb}};
    return {};
}

}  // namespace gleaner::guest
