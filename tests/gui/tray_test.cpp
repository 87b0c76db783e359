/// When the tray app interrupts a person, what its menu does, and what it leaves on the system.

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <doctest/doctest.h>

#include "client-gui/os/appearance.h"
#include "client-gui/os/autostart.h"
#include "client-gui/os/preferences.h"
#include "client-gui/os/single_instance.h"
#include "client-gui/tray/tray_icon.h"
#include "tests/gui/fake_node.h"

namespace gleaner::gui::test {
namespace {

constexpr int within_ms = 5000;

std::optional<NodeSnapshot> with(Phase phase, const QString& why = {}) {
    NodeSnapshot snapshot;
    snapshot.phase = phase;
    snapshot.why.en = why;
    return snapshot;
}

TEST_CASE("only trouble interrupts a person, once, and again when it comes back") {
    Attention attention;
    for (const Phase phase : {Phase::earning, Phase::paused, Phase::waiting, Phase::offline})
        CHECK_FALSE(attention.look(with(phase, "reason")));
    const auto first = attention.look(with(Phase::problem, "The disk is full."));
    REQUIRE(first);
    CHECK(first->body == "The disk is full.");
    CHECK_FALSE(attention.look(with(Phase::problem, "The disk is full.")));
    CHECK(attention.look(with(Phase::problem, "The certificate has run out.")));
    // A restart of the node is not the end of a trouble.
    CHECK_FALSE(attention.look(std::nullopt));
    CHECK_FALSE(attention.look(with(Phase::starting)));
    CHECK_FALSE(attention.look(with(Phase::problem, "The certificate has run out.")));
    CHECK_FALSE(attention.look(with(Phase::earning)));
    CHECK(attention.look(with(Phase::problem, "The certificate has run out.")));
}

TEST_CASE("a device that failed is told of") {
    Attention attention;
    auto snapshot = with(Phase::earning);
    Device card;
    card.name = "RTX";
    card.activity = Activity::failed;
    card.why.en = "Its engine crashed three times.";
    snapshot->devices = {card};
    const auto told = attention.look(snapshot);
    REQUIRE(told);
    CHECK(told->title.contains("RTX"));
    CHECK_FALSE(attention.look(snapshot));
}

TEST_CASE("a device that is paused in between is not told of again, one that worked is") {
    Attention attention;
    auto snapshot = with(Phase::earning);
    snapshot->devices.resize(1);
    Device& card = snapshot->devices[0];
    card.id = "cuda:0";
    card.activity = Activity::failed;
    card.why.en = "It goes on in 10 minutes.";
    CHECK(attention.look(snapshot));
    card.why.en = "It goes on in 9 minutes.";
    CHECK_FALSE(attention.look(snapshot));
    card.activity = Activity::paused;
    CHECK_FALSE(attention.look(snapshot));
    card.activity = Activity::failed;
    CHECK_FALSE(attention.look(snapshot));
    card.activity = Activity::running;
    CHECK_FALSE(attention.look(snapshot));
    card.activity = Activity::failed;
    CHECK(attention.look(snapshot));
}

TEST_CASE("of several troubles each is told") {
    Attention attention;
    auto snapshot = with(Phase::problem, "The disk is full.");
    for (const char* id : {"cuda:0", "cuda:1"}) {
        snapshot->devices.emplaceBack();
        snapshot->devices.back().id = id;
        snapshot->devices.back().name = id;
        snapshot->devices.back().activity = Activity::failed;
    }
    CHECK(attention.look(snapshot)->body == "The disk is full.");
    CHECK(attention.look(snapshot)->title.contains("cuda:0"));
    CHECK(attention.look(snapshot)->title.contains("cuda:1"));
    CHECK_FALSE(attention.look(snapshot));
}

QAction* action(const QMenu& menu, const QString& name) {
    for (QAction* one : menu.actions()) {
        if (one->text() == name) return one;
        if (one->menu() != nullptr)
            if (QAction* inner = action(*one->menu(), name)) return inner;
    }
    return nullptr;
}

TEST_CASE("the menu pauses, snoozes and resumes the node") {
    FakeNode node;
    node.state = earning_state();
    NodeClient client([&node] { return node.path(); });
    TrayIcon tray(client);
    CHECK_FALSE(action(tray.menu(), "Snooze for 30 minutes")->isEnabled());
    client.start();
    REQUIRE(QTest::qWaitFor([&] { return client.link() == Link::connected; }, within_ms));
    const auto asks = [&](const char* name) {
        node.asked.clear();
        QAction* chosen = action(tray.menu(), name);
        REQUIRE(chosen);
        REQUIRE(chosen->isEnabled());
        chosen->trigger();
        REQUIRE(QTest::qWaitFor([&] { return !node.asked.empty(); }, within_ms));
        return node.asked.back();
    };
    CHECK(asks("For 1 hour").pause().seconds() == 3600);
    CHECK(asks("Until tomorrow").pause().until() == control::Pause::UNTIL_TOMORROW);
    CHECK(asks("Until I resume").pause().until() == control::Pause::UNTIL_RESUMED);
    const auto snooze = asks("Snooze for 30 minutes");
    CHECK(snooze.pause().snooze());
    CHECK(snooze.pause().seconds() == 1800);
    CHECK_FALSE(action(tray.menu(), "Resume")->isEnabled());
    node.state.set_phase(control::State::PAUSED);
    node.tell();
    REQUIRE(QTest::qWaitFor([&] { return action(tray.menu(), "Resume")->isEnabled(); }, within_ms));
    CHECK(asks("Resume").has_resume());
    node.state.set_phase(control::State::OFFLINE);
    node.tell();
    REQUIRE(
        QTest::qWaitFor([&] { return !action(tray.menu(), "Resume")->isEnabled(); }, within_ms));
    node.state.set_paused_by_person(true);
    node.tell();
    CHECK(QTest::qWaitFor([&] { return action(tray.menu(), "Resume")->isEnabled(); }, within_ms));
}

TEST_CASE("somebody who may only look is offered nothing to change") {
    FakeNode node;
    node.state = earning_state();
    node.may_control = false;
    NodeClient client([&node] { return node.path(); });
    TrayIcon tray(client);
    client.start();
    REQUIRE(QTest::qWaitFor([&] { return client.link() == Link::connected; }, within_ms));
    CHECK_FALSE(action(tray.menu(), "Pause")->isEnabled());
    CHECK(action(tray.menu(), "Open Gleaner")->isEnabled());
}

TEST_CASE("a second program of the same user shows the first one's window") {
    const QTemporaryDir folder;
    SingleInstance first(folder.filePath("window"));
    REQUIRE(first.claim());
    QSignalSpy asked(&first, &SingleInstance::another_started);
    SingleInstance second(folder.filePath("window"));
    CHECK_FALSE(second.claim());
    CHECK(QTest::qWaitFor([&] { return asked.count() == 1; }, within_ms));
}

TEST_CASE("what a killed program left behind does not keep the next from starting") {
    const QTemporaryDir folder;
    QFile left(folder.filePath("window"));
    REQUIRE(left.open(QIODevice::WriteOnly));
    left.close();
    SingleInstance first(folder.filePath("window"));
    CHECK(first.claim());
    SingleInstance second(folder.filePath("window"));
    CHECK_FALSE(second.claim());
}

TEST_CASE("the icon at sign-in is turned on and off, with any path") {
    const QTemporaryDir folder;
    Autostart autostart("/opt/a b/100%/gleaner", folder.path());
    CHECK_FALSE(autostart.enabled());
    REQUIRE(autostart.set_enabled(true));
    CHECK(autostart.enabled());
    QFile file(folder.filePath("gleaner.desktop"));
    REQUIRE(file.open(QIODevice::ReadOnly));
    CHECK(file.readAll().contains("Exec=\"/opt/a b/100%%/gleaner\" --hidden\n"));
    REQUIRE(autostart.set_enabled(false));
    CHECK_FALSE(autostart.enabled());
}

TEST_CASE("preferences that cannot be read are as if there were none") {
    const QTemporaryDir folder;
    const QString path = folder.filePath("gleaner.ini");
    QFile file(path);
    REQUIRE(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(200, '\0') + "[[[\n= = =\ntheme=purple\n");
    file.close();
    Preferences preferences(path);
    CHECK(preferences.theme() == Theme::system);
    CHECK(preferences.language().isEmpty());
}

double luminance(const QColor& colour) {
    const auto linear = [](double part) {
        return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) +
           0.0722 * linear(colour.blueF());
}

TEST_CASE("text has a contrast of at least 4.5 to 1 in both themes (WCAG 2.1, 1.4.3)") {
    for (const bool dark : {false, true}) {
        const QPalette palette = palette_of(dark);
        for (const auto& [text, ground] :
             {std::pair(QPalette::WindowText, QPalette::Window),
              std::pair(QPalette::Text, QPalette::Base),
              std::pair(QPalette::ButtonText, QPalette::Button),
              std::pair(QPalette::PlaceholderText, QPalette::Base),
              std::pair(QPalette::PlaceholderText, QPalette::Window),
              std::pair(QPalette::HighlightedText, QPalette::Highlight),
              std::pair(QPalette::Link, QPalette::Base)}) {
            const double a = luminance(palette.color(text));
            const double b = luminance(palette.color(ground));
            CAPTURE(dark);
            CAPTURE(static_cast<int>(text));
            CHECK((std::max(a, b) + 0.05) / (std::min(a, b) + 0.05) >= 4.5);
        }
    }
}

}  // namespace
}  // namespace gleaner::gui::test
