#pragma once
/// One window for each user: a second start shows the first one's window and ends.

#include <QLocalServer>
#include <QObject>

namespace gleaner::gui {

class SingleInstance final : public QObject {
    Q_OBJECT

public:
    /// `name`: a local server's name, of this user's own.
    explicit SingleInstance(QString name, QObject* parent = nullptr);

    /// True: this is the only one, and others that start are heard of. False: there is one already;
    /// it was asked to show itself.
    [[nodiscard]] bool claim();

Q_SIGNALS:
    void another_started();

private:
    QString name_;
    QLocalServer server_;
};

/// What the programs of this user share and nobody else's.
[[nodiscard]] QString single_instance_name();

}  // namespace gleaner::gui
