#pragma once
/// How amounts and states are said in the program's language and the person's number format. Pure
/// but for QLocale's default.

#include <QCoreApplication>
#include <QDateTime>
#include <QString>
#include <cstdint>

#include "client-gui/client/node_client.h"

namespace gleaner::gui {

class Wording {
    Q_DECLARE_TR_FUNCTIONS(Wording)

public:
    /// "4.2 GiB".
    [[nodiscard]] static QString bytes(std::uint64_t count);
    /// "¥12.30"; amounts below 0.1 keep four decimals. `currency`: ISO 4217, or the sign itself.
    [[nodiscard]] static QString money(std::int64_t micros, const QString& currency);
    /// "about 2 hours"; coarse.
    [[nodiscard]] static QString duration(int seconds);
    [[nodiscard]] static QString activity(Activity activity);
    /// A benchmark figure's name for people; the node's own name if this version does not know it.
    /// `gpu`: of a graphics card, whose memory has its own name.
    [[nodiscard]] static QString figure(const QString& name, bool gpu);
    /// "Chat" of "chat".
    [[nodiscard]] static QString kind_of_work(const QString& kind);
    /// "Games" of "games": control.proto's field names of Wishes.
    [[nodiscard]] static QString settings_field(const QString& field);
    /// "Keyboard and mouse" of "input": control.proto's Source.what.
    [[nodiscard]] static QString source(const QString& what);
    /// "Open the camera" of "devices_camera": the name of a SandboxReport's attempt, which is shown
    /// as it is if this version does not know it.
    [[nodiscard]] static QString sandbox_attempt(const QString& name);
    [[nodiscard]] static QString log_level(const QString& level);
};

/// What the tray's icon shows.
enum class Badge : std::uint8_t { earning, waiting, paused, problem };

/// The node's state in one line and a sentence.
struct Headline {
    Badge badge = Badge::waiting;
    QString title;   ///< "Earning"
    QString detail;  ///< why, and what to do if something is to be done; may be empty
    friend bool operator==(const Headline&, const Headline&) = default;
};

class HeadlineWording {
    Q_DECLARE_TR_FUNCTIONS(HeadlineWording)

public:
    [[nodiscard]] static Headline of(Link link, const std::optional<NodeSnapshot>& snapshot);
};

}  // namespace gleaner::gui
