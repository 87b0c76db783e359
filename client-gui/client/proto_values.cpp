#include "client-gui/client/proto_values.h"

#include <QLocale>
#include <algorithm>
#include <limits>

namespace gleaner::gui {

namespace {

QString of(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

QDateTime moment(std::int64_t seconds) {
    return seconds > 0 ? QDateTime::fromSecsSinceEpoch(seconds) : QDateTime();
}

/// Numbers from another process: those that do not fit are shown as the largest that does.
int count(std::uint32_t value) {
    return static_cast<int>(std::min<std::uint32_t>(value, std::numeric_limits<int>::max()));
}

Phase phase_of(control::State::Phase phase) {
    switch (phase) {
        case control::State::NOT_JOINED:
            return Phase::not_joined;
        case control::State::EARNING:
            return Phase::earning;
        case control::State::WAITING:
            return Phase::waiting;
        case control::State::PAUSED:
            return Phase::paused;
        case control::State::OFFLINE:
            return Phase::offline;
        case control::State::PROBLEM:
            return Phase::problem;
        case control::State::STOPPING:
            return Phase::stopping;
        default:
            return Phase::starting;
    }
}

Activity activity_of(control::Device::Activity activity) {
    switch (activity) {
        case control::Device::RUNNING:
            return Activity::running;
        case control::Device::THROTTLED:
            return Activity::throttled;
        case control::Device::PAUSED:
            return Activity::paused;
        case control::Device::FAILED:
            return Activity::failed;
        default:
            return Activity::idle;
    }
}

Device device_of(const control::Device& from) {
    Device device;
    device.id = of(from.id());
    device.kind = of(from.kind());
    device.name = of(from.name());
    device.activity = activity_of(from.activity());
    device.why = from_proto(from.why());
    device.model = of(from.model());
    if (from.percent_known()) device.percent = count(from.percent());
    if (from.celsius() > 0) device.celsius = count(from.celsius());
    device.memory_used = from.memory_used_bytes();
    device.memory_total = from.memory_total_bytes();
    device.tokens_per_s = from.tokens_per_s();
    device.watts = from.power_watts();
    for (const auto& figure : from.figures())
        device.figures.append(
            {of(figure.name()), figure.median(), figure.spread(), of(figure.unit())});
    device.verdict = from_proto(from.verdict());
    device.measured = moment(from.measured_at_s());
    return device;
}

}  // namespace

QString text(const Sentence& sentence) {
    const bool chinese = QLocale().language() == QLocale::Chinese;
    const QString& first = chinese ? sentence.zh : sentence.en;
    return first.isEmpty() ? (chinese ? sentence.en : sentence.zh) : first;
}

Sentence from_proto(const control::Sentence& sentence) {
    return {of(sentence.en()), of(sentence.zh())};
}

NodeSnapshot from_proto(const control::State& state) {
    NodeSnapshot snapshot;
    snapshot.phase = phase_of(state.phase());
    snapshot.why = from_proto(state.why());
    snapshot.resumes_in_s = count(state.resumes_in_s());
    snapshot.node = of(state.node());
    snapshot.site = of(state.site());
    snapshot.coordinator = of(state.coordinator());
    snapshot.hostname = of(state.hostname());
    for (const auto& device : state.devices()) snapshot.devices.append(device_of(device));
    snapshot.running_items = count(state.work().running_items());
    snapshot.running_streams = count(state.work().running_streams());
    snapshot.items_today = state.work().items_today();
    snapshot.tokens_today = state.work().tokens_today();
    for (const auto& kind : state.work().kinds()) snapshot.kinds.append(of(kind));
    snapshot.disk_used = state.disk().used_bytes();
    snapshot.disk_quota = state.disk().quota_bytes();
    snapshot.disk_free = state.disk().free_bytes();
    snapshot.models = count(state.disk().models());
    snapshot.down_month = state.traffic().down_month_bytes();
    snapshot.up_month = state.traffic().up_month_bytes();
    snapshot.cap_month = state.traffic().cap_month_bytes();
    snapshot.idle_forecast = from_proto(state.idle_forecast());
    for (const auto& source : state.sources())
        snapshot.sources.append({of(source.what()), from_proto(source.how()), source.works()});
    snapshot.benchmark = {state.benchmark().running(), count(state.benchmark().percent()),
                          from_proto(state.benchmark().step()),
                          from_proto(state.benchmark().problem())};
    snapshot.consent = moment(state.consent_at_s());
    snapshot.seat_hook = state.seat_hook();
    snapshot.paused_by_person = state.paused_by_person();
    return snapshot;
}

Wishes from_proto(const control::Wishes& from) {
    Wishes wishes;
    for (std::size_t hour = 0; hour < wishes.hours.size(); ++hour) {
        const std::size_t byte = hour / 8;
        if (byte < from.hours().size())
            wishes.hours[hour] =
                (static_cast<unsigned char>(from.hours()[byte]) >> (hour % 8) & 1u) != 0;
    }
    wishes.idle_minutes = count(from.idle_minutes());
    wishes.when_in_use = static_cast<InUse>(std::clamp(static_cast<int>(from.when_in_use()), 0, 2));
    for (const auto& game : from.games()) wishes.games.append(of(game));
    wishes.use_game_presets = from.use_game_presets();
    wishes.others_cpu_percent = count(from.others_cpu_percent());
    wishes.pause_on_battery = from.pause_on_battery();
    wishes.pause_on_metered = from.pause_on_metered();
    wishes.pause_on_full_screen = from.pause_on_full_screen();
    wishes.pause_on_film = from.pause_on_film();
    wishes.gpu_celsius_max = count(from.gpu_celsius_max());
    wishes.cpu_celsius_max = count(from.cpu_celsius_max());
    wishes.gpu_power_percent = count(from.gpu_power_percent());
    wishes.cpu_threads = count(from.cpu_threads());
    wishes.memory = from.memory_bytes();
    wishes.disk = from.disk_bytes();
    wishes.down_per_s = from.down_bytes_per_s();
    wishes.up_per_s = from.up_bytes_per_s();
    wishes.month = from.month_bytes();
    wishes.give_back = static_cast<GiveBack>(std::clamp(static_cast<int>(from.give_back()), 0, 2));
    wishes.electricity_micros_per_kwh = from.electricity_micros_per_kwh();
    wishes.business_from_minute = count(from.business_from_minute());
    wishes.business_to_minute = count(from.business_to_minute());
    return wishes;
}

control::Wishes to_proto(const Wishes& from) {
    control::Wishes wishes;
    std::string hours(from.hours.size() / 8, '\0');
    for (std::size_t hour = 0; hour < from.hours.size(); ++hour)
        if (from.hours[hour]) hours[hour / 8] = static_cast<char>(hours[hour / 8] | 1 << hour % 8);
    const auto whole = [](int value) { return static_cast<std::uint32_t>(std::max(value, 0)); };
    wishes.set_hours(std::move(hours));
    wishes.set_idle_minutes(whole(from.idle_minutes));
    wishes.set_when_in_use(static_cast<control::Wishes::InUse>(from.when_in_use));
    for (const auto& game : from.games) wishes.add_games(game.toStdString());
    wishes.set_use_game_presets(from.use_game_presets);
    wishes.set_others_cpu_percent(whole(from.others_cpu_percent));
    wishes.set_pause_on_battery(from.pause_on_battery);
    wishes.set_pause_on_metered(from.pause_on_metered);
    wishes.set_pause_on_full_screen(from.pause_on_full_screen);
    wishes.set_pause_on_film(from.pause_on_film);
    wishes.set_gpu_celsius_max(whole(from.gpu_celsius_max));
    wishes.set_cpu_celsius_max(whole(from.cpu_celsius_max));
    wishes.set_gpu_power_percent(whole(from.gpu_power_percent));
    wishes.set_cpu_threads(whole(from.cpu_threads));
    wishes.set_memory_bytes(from.memory);
    wishes.set_disk_bytes(from.disk);
    wishes.set_down_bytes_per_s(from.down_per_s);
    wishes.set_up_bytes_per_s(from.up_per_s);
    wishes.set_month_bytes(from.month);
    wishes.set_give_back(static_cast<control::Wishes::GiveBack>(from.give_back));
    wishes.set_electricity_micros_per_kwh(from.electricity_micros_per_kwh);
    wishes.set_business_from_minute(whole(from.business_from_minute));
    wishes.set_business_to_minute(whole(from.business_to_minute));
    return wishes;
}

Settings from_proto(const control::Settings& from) {
    Settings settings;
    settings.local = from_proto(from.local());
    settings.in_force = from_proto(from.in_force());
    for (const auto& suggestion : from.suggestions())
        settings.suggestions.append({of(suggestion.kind()), from_proto(suggestion.wishes()),
                                     from_proto(suggestion.means())});
    settings.site_rules = from.site_rules();
    settings.means = from_proto(from.means());
    for (const auto& field : from.stricter()) settings.stricter.append(of(field));
    return settings;
}

SandboxReport from_proto(const control::SandboxReport& from) {
    SandboxReport report;
    report.safe = from.safe();
    for (const auto& attempt : from.attempts())
        report.attempts.append({of(attempt.name()), attempt.held(), of(attempt.detail())});
    return report;
}

QList<LogLine> from_proto(const control::LogPage& page) {
    QList<LogLine> lines;
    for (const auto& line : page.lines())
        lines.append(
            {line.number(), moment(line.at_s()), of(line.level()), from_proto(line.text())});
    return lines;
}

Earnings from_proto(const control::Earnings& from) {
    Earnings earnings;
    for (const auto& day : from.days()) {
        const QDate date = QDate::fromString(of(day.date()), Qt::ISODate);
        if (date.isValid())
            earnings.days.append({date, day.pending_micros(), day.confirmed_micros()});
    }
    earnings.currency = of(from.currency());
    earnings.estimate = from_proto(from.estimate());
    earnings.payout_account = of(from.payout_account());
    earnings.known = from.known();
    return earnings;
}

QList<SentField> from_proto(const control::Sent& sent) {
    QList<SentField> fields;
    for (const auto& field : sent.fields())
        fields.append({from_proto(field.what()), of(field.value()), moment(field.at_s())});
    return fields;
}

Consent from_proto(const control::Consent& consent) {
    return {of(consent.date()), of(consent.sha256()), of(consent.text())};
}

control::OwnerAccess to_proto(const OwnerAccess& from) {
    control::OwnerAccess owner;
    owner.set_api(from.api.toStdString());
    owner.set_key(from.key.toStdString());
    owner.set_authority_pem(from.authority_pem.toStdString());
    return owner;
}

control::Join to_proto(const JoinRequest& request) {
    control::Join join;
    join.set_coordinator(request.coordinator.toStdString());
    if (request.owner) {
        *join.mutable_owner() = to_proto(*request.owner);
        join.set_site(request.site.toStdString());
        join.set_consent_date(request.consent_date.toStdString());
        join.set_consent_sha256(request.consent_sha256.toStdString());
    } else {
        join.set_token(request.token.toStdString());
    }
    return join;
}

}  // namespace gleaner::gui
