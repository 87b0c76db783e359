#pragma once
/// What the kinds of machine are called for which the node suggests settings.

#include <QCoreApplication>
#include <QString>

namespace gleaner::gui {

class SuggestionWords {
    Q_DECLARE_TR_FUNCTIONS(SuggestionWords)

public:
    [[nodiscard]] static QString title(const QString& kind) {
        if (kind == QLatin1String("cafe")) return tr("A seat in an internet café");
        if (kind == QLatin1String("server")) return tr("A server without a person at it");
        return tr("A computer at home or at work");
    }
};

}  // namespace gleaner::gui
