#include "client-gui/models/wording.h"

#include <QLocale>
#include <cmath>

namespace gleaner::gui {

namespace {

using Names = QHash<QString, const char*>;

/// A newer node's name for something is shown as it is.
QString named(const Names& names, const QString& name) {
    const auto known = names.constFind(name);
    return known == names.constEnd() ? name : Wording::tr(*known);
}

}  // namespace

QString Wording::bytes(std::uint64_t count) {
    return QLocale().formattedDataSize(static_cast<qint64>(count), count < (1u << 20) ? 0 : 1);
}

QString Wording::money(std::int64_t micros, const QString& currency) {
    const double amount = static_cast<double>(micros) / 1e6;
    const int decimals = micros != 0 && std::abs(amount) < 0.1 ? 4 : 2;
    const bool yuan = currency == QLatin1String("CNY") || currency.isEmpty();
    const QString sign = yuan                  ? QString(QChar(0x00A5))
                         : currency.size() > 1 ? currency + QChar(QChar::Nbsp)
                                               : currency;
    const QString digits = QLocale().toString(std::abs(amount), 'f', decimals);
    return (amount < 0 ? QLocale().negativeSign() : QString()) + sign + digits;
}

QString Wording::duration(int seconds) {
    if (seconds < 90) return tr("%n second(s)", "", seconds);
    if (seconds < 90 * 60) return tr("%n minute(s)", "", (seconds + 30) / 60);
    return tr("%n hour(s)", "", (seconds + 1800) / 3600);
}

QString Wording::activity(Activity activity) {
    switch (activity) {
        case Activity::running:
            return tr("Working");
        case Activity::throttled:
            return tr("Working slowly");
        case Activity::idle:
            return tr("Ready");
        case Activity::paused:
            return tr("Paused");
        case Activity::failed:
            return tr("Failed");
    }
    return {};
}

QString Wording::figure(const QString& name, bool gpu) {
    static const Names of_gpu{
        {"memory_copy", QT_TR_NOOP("GPU memory, copy")},
        {"memory_triad", QT_TR_NOOP("GPU memory, triad")},
        {"usable_memory", QT_TR_NOOP("Usable GPU memory")},
    };
    if (gpu && of_gpu.contains(name)) return named(of_gpu, name);
    static const Names names{
        {"memory_copy", QT_TR_NOOP("Memory, copy")},
        {"memory_triad", QT_TR_NOOP("Memory, triad")},
        {"fp32", QT_TR_NOOP("Computing, FP32")},
        {"fp16_tensor", QT_TR_NOOP("Computing, FP16 tensor")},
        {"bf16_tensor", QT_TR_NOOP("Computing, BF16 tensor")},
        {"int8", QT_TR_NOOP("Computing, INT8")},
        {"upload", QT_TR_NOOP("To the card")},
        {"download", QT_TR_NOOP("From the card")},
        {"usable_memory", QT_TR_NOOP("Usable memory")},
        {"prompt", QT_TR_NOOP("Reading a prompt")},
        {"generation", QT_TR_NOOP("Writing an answer")},
    };
    return named(names, name);
}

QString Wording::kind_of_work(const QString& kind) {
    static const Names names{
        {"chat", QT_TR_NOOP("chat")},
        {"completion", QT_TR_NOOP("text completion")},
        {"embedding", QT_TR_NOOP("text search (embeddings)")},
    };
    return named(names, kind);
}

QString Wording::settings_field(const QString& field) {
    static const Names names{
        {"hours", QT_TR_NOOP("the hours of the week")},
        {"idle_minutes", QT_TR_NOOP("the idle minutes")},
        {"when_in_use", QT_TR_NOOP("what happens while somebody is here")},
        {"games", QT_TR_NOOP("the games")},
        {"use_game_presets", QT_TR_NOOP("the list of well-known games")},
        {"others_cpu_percent", QT_TR_NOOP("the processor use of other programs")},
        {"pause_on_battery", QT_TR_NOOP("battery power")},
        {"pause_on_metered", QT_TR_NOOP("metered networks")},
        {"pause_on_full_screen", QT_TR_NOOP("full-screen programs")},
        {"pause_on_film", QT_TR_NOOP("films")},
        {"gpu_celsius_max", QT_TR_NOOP("the graphics card's temperature")},
        {"cpu_celsius_max", QT_TR_NOOP("the processor's temperature")},
        {"gpu_power_percent", QT_TR_NOOP("the graphics card's power")},
        {"cpu_threads", QT_TR_NOOP("the processor threads")},
        {"memory_bytes", QT_TR_NOOP("the memory")},
        {"disk_bytes", QT_TR_NOOP("the disk space")},
        {"down_bytes_per_s", QT_TR_NOOP("the download speed")},
        {"up_bytes_per_s", QT_TR_NOOP("the upload speed")},
        {"month_bytes", QT_TR_NOOP("the traffic of a month")},
        {"give_back", QT_TR_NOOP("how memory is given back")},
        {"business_from_minute", QT_TR_NOOP("when the café opens")},
        {"business_to_minute", QT_TR_NOOP("when the café closes")},
    };
    return named(names, field);
}

QString Wording::source(const QString& what) {
    static const Names names{
        {"input", QT_TR_NOOP("Keyboard and mouse")},
        {"full screen", QT_TR_NOOP("Full-screen programs")},
        {"film", QT_TR_NOOP("Films")},
        {"lock", QT_TR_NOOP("Locked screen")},
        {"shutdown", QT_TR_NOOP("Shutdown")},
        {"network", QT_TR_NOOP("Metered network")},
        {"GPU", QT_TR_NOOP("Other programs on the graphics card")},
    };
    return named(names, what);
}

QString Wording::log_level(const QString& level) {
    if (level == QLatin1String("warning")) return tr("Warning");
    if (level == QLatin1String("error")) return tr("Error");
    return tr("Information");
}

Headline HeadlineWording::of(Link link, const std::optional<NodeSnapshot>& snapshot) {
    switch (link) {
        case Link::connecting:
            return {Badge::waiting, tr("Looking for the node…"), {}};
        case Link::absent:
            return {Badge::problem, tr("The node is not running"),
                    tr("Nothing works on this computer and nothing is earned. Start the service "
                       "gleaner-node; Gleaner connects by itself as soon as it runs.")};
        case Link::forbidden:
            return {Badge::problem, tr("You may not look at the node"),
                    tr("Ask whoever runs this computer to add your user to the group \"gleaner\", "
                       "then sign out and in again.")};
        case Link::other_version:
            return {Badge::problem, tr("The node is of another version"),
                    tr("This window and the node do not understand each other. Install the same "
                       "version of both. The node itself goes on working meanwhile.")};
        case Link::connected:
            break;
    }
    if (!snapshot) return {Badge::waiting, tr("Looking for the node…"), {}};
    const QString why = text(snapshot->why);
    switch (snapshot->phase) {
        case Phase::starting:
            return {Badge::waiting, tr("Starting"), why};
        case Phase::not_joined:
            return {Badge::problem, tr("Not set up yet"),
                    tr("This computer belongs to no site yet. Set it up to begin.")};
        case Phase::earning:
            return {Badge::earning, tr("Earning"), why};
        case Phase::waiting:
            return {Badge::waiting, tr("Ready, waiting for work"), why};
        case Phase::paused: {
            if (snapshot->resumes_in_s <= 0) return {Badge::paused, tr("Paused"), why};
            const QString until =
                tr("Goes on in %1.").arg(Wording::duration(snapshot->resumes_in_s));
            return {Badge::paused, tr("Paused"),
                    why.isEmpty() ? until : tr("%1 %2", "two sentences").arg(why, until)};
        }
        case Phase::offline:
            return {Badge::waiting, tr("Not connected to the coordinator"),
                    why.isEmpty() ? tr("The node tries again by itself; nothing needs to be done.")
                                  : why};
        case Phase::problem:
            return {Badge::problem, tr("Something needs you"), why};
        case Phase::stopping:
            return {Badge::waiting, tr("Stopping"), why};
    }
    return {};
}

}  // namespace gleaner::gui
