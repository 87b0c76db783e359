/// The real window and its pages, driven by mouse and keyboard.

#include <QAbstractButton>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QComboBox>
#include <QLineEdit>
#include <QMessageBox>
#include <QProgressBar>
#include <QTableView>
#include <QTest>
#include <QTreeWidget>

#include <doctest/doctest.h>

#include "client-gui/views/setup_wizard.h"
#include "tests/gui/window_world.h"

namespace gleaner::gui::test {
namespace {

TEST_CASE("the window shows what the node says, and that it is gone") {
    World world;
    world.start();
    CHECK(world.until([&] { return world.says("Working on 3 requests."); }));
    CHECK(world.until([&] { return world.says("NVIDIA GeForce RTX 3060"); }));
    CHECK(world.until([&] { return world.says("Other programs use 40 %"); }));
    world.node.down();
    CHECK(world.until([&] { return world.says("The node is not running"); }));
    CHECK_FALSE(world.says("NVIDIA GeForce RTX 3060"));
    world.node.up();
    CHECK(world.until([&] { return world.says("NVIDIA GeForce RTX 3060"); }));
}

TEST_CASE("a paused node is resumed, a failed device is tried again") {
    World world;
    world.start();
    world.node.state.set_phase(control::State::PAUSED);
    world.node.state.mutable_devices(0)->set_activity(control::Device::FAILED);
    world.node.tell();
    REQUIRE(world.until([&] { return world.button("Resume") != nullptr; }));
    world.click("Resume");
    REQUIRE(world.until([&] { return world.node.last(control::ToNode::kResume) != nullptr; }));
    world.click("Try again");
    REQUIRE(
        world.until([&] { return world.node.last(control::ToNode::kClearFailure) != nullptr; }));
    CHECK(world.node.last(control::ToNode::kClearFailure)->clear_failure().device() == "cuda:0");
}

TEST_CASE("whoever is at the computer can pause the node, and resume a pause in any phase") {
    World world;
    world.node.state.set_phase(control::State::PAUSED);  // in use
    world.start();
    REQUIRE(world.until([&] { return world.button("Pause") != nullptr; }));
    CHECK(world.button("Resume") != nullptr);
    world.node.state.set_phase(control::State::OFFLINE);
    world.node.state.set_paused_by_person(true);
    world.node.tell();
    CHECK(world.until([&] { return world.button("Pause") == nullptr; }));
    CHECK(world.button("Resume") != nullptr);
    world.node.state.set_paused_by_person(false);
    world.node.tell();
    CHECK(world.until([&] { return world.button("Resume") == nullptr; }));
    CHECK(world.button("Pause") != nullptr);
}

TEST_CASE("what the node refuses is said in the window") {
    World world;
    world.node.refuse(control::ToNode::kResume, "This node is dedicated.", "");
    world.node.state.set_phase(control::State::PAUSED);
    world.start();
    REQUIRE(world.until([&] { return world.button("Resume") != nullptr; }));
    world.click("Resume");
    CHECK(world.until([&] { return world.says("This node is dedicated."); }));
    const auto labels = world.app->window()->findChildren<QLabel*>();
    CHECK(std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
        return label->accessibleName() == "This node is dedicated.";
    }));
}

TEST_CASE("earnings, log, sandbox and what was sent are shown when their pages open") {
    World world;
    world.start();
    world.app->window()->open_page(PageName::earnings);
    CHECK(world.until([&] { return world.says("This computer can earn about"); }));
    CHECK(world.says("****6789"));
    world.app->window()->open_page(PageName::machine);
    world.click("Check the sandbox");
    CHECK(world.until([&] { return world.says("The sandbox held"); }));
    for (auto* tree : world.app->window()->findChildren<QTreeWidget*>())
        if (tree->accessibleName() == "Attempts to leave the sandbox")
            CHECK(tree->topLevelItem(1)->text(0) == "Connect to the internet (TCP)");
    world.app->window()->open_page(PageName::log);
    const auto rows = [&] {
        for (auto* table : world.app->window()->findChildren<QTableView*>())
            if (table->accessibleName() == "Activity log") return table->model()->rowCount();
        return -1;
    };
    CHECK(world.until([&] { return rows() == 4; }));
    for (auto* box : world.app->window()->findChildren<QComboBox*>())
        if (box->accessibleName() == "Which lines are shown") box->setCurrentIndex(2);
    CHECK(rows() == 1);
    world.app->window()->open_page(PageName::privacy);
    CHECK(world.until([&] { return world.node.last(control::ToNode::kReadSent) != nullptr; }));
}

TEST_CASE("a log that the node does not show is said to be refused, until it does") {
    World world;
    const auto log = world.node.answers[control::ToNode::kReadLog];
    world.node.refuse(control::ToNode::kReadLog, "The log cannot be read.", "");
    world.start();
    world.app->window()->open_page(PageName::log);
    CHECK(world.until([&] { return world.says("The log cannot be read."); }));
    world.node.answers[control::ToNode::kReadLog] = log;
    world.app->window()->open_page(PageName::now);
    world.app->window()->open_page(PageName::log);
    CHECK(world.until([&] { return !world.says("The log cannot be read."); }));
}

TEST_CASE("a window that is opened again asks anew for what its page shows") {
    World world;
    world.start();
    world.app->window()->open_page(PageName::earnings);
    REQUIRE(world.until([&] { return world.says("This computer can earn about"); }));
    world.app->window()->hide();
    world.node.asked.clear();
    world.app->open_window();
    CHECK(world.until([&] { return world.node.last(control::ToNode::kGetEarnings) != nullptr; }));
}

TEST_CASE("today is the last day that the coordinator told of") {
    World world;
    auto& earnings = *world.node.answers[control::ToNode::kGetEarnings].mutable_earnings();
    earnings.clear_days();
    earnings.clear_payout_account();
    auto& day = *earnings.add_days();
    day.set_date("2026-11-02");
    day.set_confirmed_micros(1'230'000);
    world.start();
    world.app->window()->open_page(PageName::earnings);
    CHECK(world.until([&] { return world.says("A day begins at"); }));
    int shown = 0;
    for (auto* label : world.app->window()->findChildren<QLabel*>())
        if (label->isVisible() && label->text().endsWith("1.23")) ++shown;
    CHECK(shown == 3);  // today, this week, this month
    CHECK_FALSE(world.says("Paid out to"));
}

TEST_CASE("nothing is claimed of what a node sends that is not reached") {
    World world;
    world.start();
    world.app->window()->open_page(PageName::privacy);
    world.node.down();
    CHECK(world.until([&] { return world.says("cannot be shown now"); }));
    CHECK_FALSE(world.says("nothing is sent"));
}

TEST_CASE("leaving asks first, and Escape means no") {
    World world;
    world.start();
    world.app->window()->open_page(PageName::privacy);
    const auto question = [&] { return world.app->window()->findChild<QMessageBox*>(); };
    world.click("Leave Gleaner on this computer\u2026");
    REQUIRE(question() != nullptr);
    QTest::keyClick(question(), Qt::Key_Escape);
    REQUIRE(world.until([&] { return question() == nullptr; }));
    CHECK(world.node.last(control::ToNode::kLeave) == nullptr);
    world.click("Leave Gleaner on this computer\u2026");
    REQUIRE(world.button("Cancel") != nullptr);
    world.click("Leave");
    CHECK(world.until([&] { return world.node.last(control::ToNode::kLeave) != nullptr; }));
}

TEST_CASE("whoever has just left is not asked to join again") {
    World world;
    world.start();
    world.node.state.set_phase(control::State::NOT_JOINED);
    world.node.tell();
    REQUIRE(world.until([&] { return world.button("Set up this computer\u2026") != nullptr; }));
    CHECK(world.app->window()->findChild<SetupWizard*>() == nullptr);
}

TEST_CASE("a coordinator that has told nothing of earnings is said so, plainly") {
    World world;
    world.node.answers[control::ToNode::kGetEarnings].mutable_earnings()->Clear();
    world.start();
    world.app->window()->open_page(PageName::earnings);
    CHECK(world.until([&] { return world.says("has not told yet"); }));
}

TEST_CASE("another language takes effect at once, on the same page") {
    World world;
    world.start();
    world.app->window()->open_page(PageName::help);
    QComboBox* language = nullptr;
    for (auto* box : world.app->window()->findChildren<QComboBox*>())
        if (box->accessibleName() == "Language") language = box;
    REQUIRE(language);
    language->setCurrentIndex(1);
    Q_EMIT language->activated(1);
    CHECK(world.until([&] { return world.app->window()->windowTitle() != "Gleaner"; }));
    CHECK(world.app->window()->page() == PageName::help);
    CHECK(world.app->window()->isVisible());
    CHECK(world.preferences.language() == "zh_CN");
}

TEST_CASE("every control that takes input or shows a value has a name for screen readers") {
    World world;
    world.start();
    for (int page = 0; page <= static_cast<int>(PageName::privacy); ++page) {
        world.app->window()->open_page(static_cast<PageName>(page));
        QTest::qWait(1);
        for (auto* widget : world.app->window()->findChildren<QWidget*>()) {
            const bool input =
                qobject_cast<QAbstractButton*>(widget) || qobject_cast<QComboBox*>(widget) ||
                qobject_cast<QAbstractSpinBox*>(widget) || qobject_cast<QProgressBar*>(widget) ||
                qobject_cast<QAbstractItemView*>(widget) || qobject_cast<QLineEdit*>(widget);
            if (!input || !widget->isVisible() || widget->focusPolicy() == Qt::NoFocus) continue;
            if (qobject_cast<QAbstractSpinBox*>(widget->parentWidget()) != nullptr) continue;
            const QAccessibleInterface* heard = QAccessible::queryAccessibleInterface(widget);
            CAPTURE(page);
            CAPTURE(widget->metaObject()->className());
            REQUIRE(heard);
            CHECK_FALSE(heard->text(QAccessible::Name).isEmpty());
        }
    }
}

TEST_CASE("with text twice as large every page still fits its width by scrolling") {
    const QFont before = QApplication::font();
    QFont large = before;
    large.setPointSizeF(before.pointSizeF() * 2);
    QApplication::setFont(large);
    {
        World world;
        world.start();
        world.app->window()->resize(900, 600);
        for (int page = 0; page <= static_cast<int>(PageName::privacy); ++page) {
            world.app->window()->open_page(static_cast<PageName>(page));
            QTest::qWait(1);
            CHECK(world.app->window()->width() <= 900);
        }
    }
    QApplication::setFont(before);
}

}  // namespace
}  // namespace gleaner::gui::test
