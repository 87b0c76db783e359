#include "client-gui/os/single_instance.h"

#include <QLocalSocket>
#include <QStandardPaths>
#include <memory>
#include <utility>

namespace gleaner::gui {

namespace {
constexpr int answer_within_ms = 500;
}

SingleInstance::SingleInstance(QString name, QObject* parent)
    : QObject(parent), name_(std::move(name)) {
    server_.setSocketOptions(QLocalServer::UserAccessOption);
    connect(&server_, &QLocalServer::newConnection, this, [this] {
        while (const std::unique_ptr<QLocalSocket> other{server_.nextPendingConnection()})
            Q_EMIT another_started();
    });
}

bool SingleInstance::claim() {
    QLocalSocket first;
    first.connectToServer(name_);
    if (first.waitForConnected(answer_within_ms)) return false;
    // Nobody answers: what a killed program left behind is in the way.
    QLocalServer::removeServer(name_);
    server_.listen(name_);
    return true;
}

QString single_instance_name() {
    const QString runtime = QStandardPaths::writableLocation(QStandardPaths::RuntimeLocation);
    return runtime.isEmpty() ? QStringLiteral("gleaner-window-") + qEnvironmentVariable("USERNAME")
                             : runtime + QStringLiteral("/gleaner-window");
}

}  // namespace gleaner::gui
