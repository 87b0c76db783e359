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
    /// The node's state as it is now: what to tell, once for each trouble until it is over. Nothing
    /// for a pause, for work that comes and goes, for a coordinator out of reach or a node that
    /// restarts: those mend themselves.
    [[nodiscard]] std::optional<Notification> look(const std::optional<NodeSnapshot>& snapshot);

private:
    QSet<QString> told_;
};

}  // namespace gleaner::gui
