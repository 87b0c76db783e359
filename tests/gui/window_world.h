#pragma once
/// A tray app with its window beside a node that is acted, for tests that drive it.

#include <QLabel>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>
#include <memory>

#include <doctest/doctest.h>

#include "client-gui/application.h"
#include "tests/gui/fake_node.h"

namespace gleaner::gui::test {

inline constexpr int within_ms = 5000;
using PageName = MainWindow::PageName;

struct World {
    QTemporaryDir home;
    Preferences preferences{home.filePath("gleaner.ini")};
    Autostart autostart{"/usr/bin/gleaner", home.path()};
    FakeNode node;
    std::unique_ptr<Application> app;

    World() {
        preferences.set_language("en");
        node.state = earning_state();
        node.answer_all();
        app = std::make_unique<Application>([this] { return node.path(); }, preferences, autostart);
    }
    void start() {
        app->start(false);
        REQUIRE(until([this] { return app->node().link() == Link::connected; }));
    }
    template <class Condition>
    static bool until(Condition condition) {
        return QTest::qWaitFor(condition, within_ms);
    }
    [[nodiscard]] QPushButton* button(const QString& name) const {
        for (auto* one : app->window()->findChildren<QPushButton*>())
            if (one->text() == name && one->isVisible()) return one;
        return nullptr;
    }
    void click(const QString& name) const {
        QPushButton* one = button(name);
        REQUIRE_MESSAGE(one != nullptr, name.toStdString());
        QTest::mouseClick(one, Qt::LeftButton);
    }
    [[nodiscard]] bool says(const QString& words) const {
        for (auto* label : app->window()->findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(words)) return true;
        return false;
    }
};

}  // namespace gleaner::gui::test
