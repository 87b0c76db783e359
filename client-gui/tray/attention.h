#pragma once
/// When does something need the person? Only then may Gleaner interrupt them. Pure.

#include <QSet>
#include <QString>
#include <optional>

#include "client-gui/models/wording.h"

namespace gleaner::gui {

struct Notification {
    QString title;
    QString body;
};

class Attention {
    Q_DECLARE_TR_FUNCTIONS(Attention)

public:
    /// The node's state as it is now: what to tell, once for each trouble until it is over; of
    /// several one a call. Nothing for a pause, for work that comes and goes, for a coordinator out
    /// of reach or a node that restarts: those mend themselves. Ask only when it can be told.
    [[nodiscard]] std::optional<Notification> look(const std::optional<NodeSnapshot>& snapshot);

private:
    QString told_problem_;        ///< of the whole node; empty: none
    QSet<QString> told_devices_;  ///< ids
};

}  // namespace gleaner::gui
