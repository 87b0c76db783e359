#pragma once
/// What the node on this machine told last, as plain values: what views and models are made of.
/// They never see the socket or its messages. Sizes are bytes, money is micro-units of the
/// currency, temperatures are degrees Celsius.

#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>
#include <bitset>
#include <cstdint>
#include <optional>

namespace gleaner::gui {

/// The same said in both languages; the node says everything in both.
struct Sentence {
    QString en;
    QString zh;
    friend bool operator==(const Sentence&, const Sentence&) = default;
};

/// In the program's language (QLocale's default), the other one if that is empty.
[[nodiscard]] QString text(const Sentence& sentence);

enum class Phase : std::uint8_t {
    starting,
    not_joined,
    earning,
    waiting,
    paused,
    offline,
    problem,
    stopping
};

enum class Activity : std::uint8_t { running, throttled, idle, paused, failed };

struct Figure {
    QString name;  ///< "memory_copy"
    double median = 0;
    double spread = 0;  ///< same unit
    QString unit;
    friend bool operator==(const Figure&, const Figure&) = default;
};

struct Device {
    QString id;
    QString kind;  ///< "cpu", "cuda", …
    QString name;
    Activity activity = Activity::idle;
    Sentence why;  ///< of paused, throttled and failed
    QString model;
    std::optional<int> percent;
    std::optional<int> celsius;
    std::uint64_t memory_used = 0;
    std::uint64_t memory_total = 0;  ///< 0: not known
    double tokens_per_s = 0;
    double watts = 0;  ///< 0: not known
    QList<Figure> figures;
    Sentence verdict;
    QDateTime measured;  ///< invalid: never
    /// Has its own memory, which people know by another name than the computer's.
    [[nodiscard]] bool is_gpu() const { return kind != QLatin1String("cpu"); }
    friend bool operator==(const Device&, const Device&) = default;
};

/// One way of finding out whether somebody is here.
struct Source {
    QString what;
    Sentence how;
    bool works = false;
    friend bool operator==(const Source&, const Source&) = default;
};

struct BenchmarkProgress {
    bool running = false;
    int percent = 0;
    Sentence step;
    Sentence problem;
    friend bool operator==(const BenchmarkProgress&, const BenchmarkProgress&) = default;
};

struct NodeSnapshot {
    Phase phase = Phase::starting;
    Sentence why;
    int resumes_in_s = 0;  ///< 0: not known, or when what `why` says ends
    QString node;
    QString site;
    QString coordinator;
    QString hostname;
    QList<Device> devices;
    int running_items = 0;
    int running_streams = 0;
    std::uint64_t items_today = 0;
    std::uint64_t tokens_today = 0;
    QStringList kinds;  ///< "chat", "completion", "embedding"
    std::uint64_t disk_used = 0;
    std::uint64_t disk_quota = 0;
    std::uint64_t disk_free = 0;
    int models = 0;
    std::uint64_t down_month = 0;
    std::uint64_t up_month = 0;
    std::uint64_t cap_month = 0;  ///< 0: none
    Sentence idle_forecast;
    QList<Source> sources;
    BenchmarkProgress benchmark;
    QDateTime consent;  ///< invalid: none recorded here
    bool seat_hook = false;
    bool paused_by_person = false;  ///< whatever the phase
    friend bool operator==(const NodeSnapshot&, const NodeSnapshot&) = default;

    /// Resuming changes something: it ends a pause, or the wait for idleness.
    [[nodiscard]] bool can_resume() const { return paused_by_person || phase == Phase::paused; }
};

enum class InUse : std::uint8_t { pause, throttle, run };
enum class GiveBack : std::uint8_t { automatic, release, suspend };

/// What is wanted of the node; the fields are those of control.proto's Wishes.
struct Wishes {
    std::bitset<168> hours;  ///< bit 0 is Monday from 00:00 to 01:00, local time
    int idle_minutes = 0;    ///< 0: two seconds
    InUse when_in_use = InUse::pause;
    QStringList games;
    bool use_game_presets = true;
    int others_cpu_percent = 0;  ///< 0: never
    bool pause_on_battery = true;
    bool pause_on_metered = true;
    bool pause_on_full_screen = true;
    bool pause_on_film = true;
    int gpu_celsius_max = 0;
    int cpu_celsius_max = 0;
    int gpu_power_percent = 100;
    int cpu_threads = 0;           ///< 0: the node chooses
    std::uint64_t memory = 0;      ///< 0: the node chooses
    std::uint64_t disk = 0;        ///< 0: the node chooses
    std::uint64_t down_per_s = 0;  ///< 0: no limit
    std::uint64_t up_per_s = 0;    ///< 0: no limit
    std::uint64_t month = 0;       ///< both ways together; 0: no limit
    GiveBack give_back = GiveBack::automatic;
    std::uint32_t electricity_micros_per_kwh = 0;
    int business_from_minute = 0;  ///< of the day; equal: no business hours
    int business_to_minute = 0;
    friend bool operator==(const Wishes&, const Wishes&) = default;
};

struct Suggestion {
    QString kind;  ///< "home", "cafe", "server"
    Wishes wishes;
    Sentence means;
};

struct Settings {
    Wishes local;
    Wishes in_force;
    QList<Suggestion> suggestions;  ///< what fits this machine best comes first
    bool site_rules = false;
    Sentence means;
    QStringList stricter;  ///< control.proto's names of fields where the site is stricter
};

struct LogLine {
    std::uint64_t number = 0;
    QDateTime at;
    QString level;  ///< "info", "warning", "error"
    Sentence text;
    friend bool operator==(const LogLine&, const LogLine&) = default;
};

struct EarningsDay {
    QDate date;  ///< of accounts: Shanghai's
    std::int64_t pending = 0;
    std::int64_t confirmed = 0;
};

struct Earnings {
    QList<EarningsDay> days;  ///< newest last
    QString currency;         ///< "CNY", or a sign
    Sentence estimate;
    QString payout_account;
    bool known = false;  ///< else the coordinator has not told
};

struct SandboxAttempt {
    QString name;
    bool held = false;
    QString detail;
};
struct SandboxReport {
    bool safe = false;
    QList<SandboxAttempt> attempts;
};

struct SentField {
    Sentence what;
    QString value;
    QDateTime at;
};

struct Consent {
    QString date;
    QString sha256;
    QString text;
};

/// An owner's own access to the coordinator's API.
struct OwnerAccess {
    QString api;
    QString key;
    QString authority_pem;  ///< empty: the system's authorities
};

struct JoinRequest {
    QString coordinator;               ///< "host:port" of the gateway
    QString token;                     ///< else by `owner`
    std::optional<OwnerAccess> owner;  ///< creates `site` with the acceptance below
    QString site;
    QString consent_date;
    QString consent_sha256;
};

}  // namespace gleaner::gui
