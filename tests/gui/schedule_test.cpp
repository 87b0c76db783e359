/// The page "When to run": what is edited is described, kept and saved, and nothing else.

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QPlainTextEdit>
#include <QTest>

#include <doctest/doctest.h>

#include "client-gui/views/week_view.h"
#include "tests/gui/window_world.h"

namespace gleaner::gui::test {
namespace {

TEST_CASE("the weekly grid works by keyboard, the draft is described and saved") {
    World world;
    world.start();
    world.app->window()->open_page(PageName::schedule);
    REQUIRE(world.until(
        [&] { return world.says("once nobody has used this computer for 10 minutes"); }));
    auto* grid = world.app->window()->findChild<WeekView*>();
    REQUIRE(grid);
    grid->setFocus();
    grid->setCurrentIndex(grid->model()->index(0, 0));
    grid->clearSelection();
    QTest::keyClick(grid, Qt::Key_Space);
    QTest::keyClick(grid, Qt::Key_Right);
    QTest::keyClick(grid, Qt::Key_Space);
    CHECK(world.until([&] { return world.says("What the draft means."); }));
    CHECK(world.says("stricter about: films"));
    world.click("Save");
    REQUIRE(world.until([&] { return world.node.last(control::ToNode::kSetSettings) != nullptr; }));
    const auto& hours =
        world.node.last(control::ToNode::kSetSettings)->set_settings().local().hours();
    CHECK(static_cast<unsigned char>(hours[0]) == 0xfc);
    CHECK(world.until([&] { return !world.button("Save")->isEnabled(); }));
}

TEST_CASE("hours cannot be changed before they are known, nor while the node is away") {
    World world;
    world.node.withheld = {control::ToNode::kGetSettings};
    world.start();
    world.app->window()->open_page(PageName::schedule);
    REQUIRE(world.until([&] { return world.node.last(control::ToNode::kGetSettings) != nullptr; }));
    auto* grid = world.app->window()->findChild<WeekView*>();
    CHECK_FALSE(grid->isEnabled());
    CHECK_FALSE(world.button("Every hour")->isEnabled());
    world.node.release();
    CHECK(world.until([&] { return grid->isEnabled(); }));
    CHECK(world.button("No hour")->isEnabled());
    world.node.down();
    CHECK(world.until([&] { return !grid->isEnabled(); }));
}

TEST_CASE("an unsaved draft survives a change of language") {
    World world;
    world.start();
    world.app->window()->open_page(PageName::schedule);
    REQUIRE(world.until(
        [&] { return world.button("No hour") && world.button("No hour")->isEnabled(); }));
    world.click("No hour");
    REQUIRE(world.until([&] { return world.says("What the draft means."); }));
    Q_EMIT world.app->window()->language_chosen("zh_CN");
    REQUIRE(world.until([&] { return world.app->window()->windowTitle() != "Gleaner"; }));
    CHECK(world.until([&] { return world.says(QString::fromUtf8("\u8349\u7a3f")); }));
    const auto* week = world.app->window()->findChild<WeekView*>();
    CHECK_FALSE(week->model()->index(0, 0).data(WeekModel::OnRole).toBool());
}

TEST_CASE("values that a control cannot show exactly are left as they are") {
    World world;
    auto& settings = *world.node.answers[control::ToNode::kGetSettings].mutable_settings();
    settings.mutable_local()->set_memory_bytes((3ull << 30) + 5);
    world.start();
    world.app->window()->open_page(PageName::schedule);
    REQUIRE(world.until([&] { return world.button("Save") != nullptr; }));
    QCheckBox* film = nullptr;
    for (auto* box : world.app->window()->findChildren<QCheckBox*>())
        if (box->text() == "Pause while a film plays") film = box;
    REQUIRE(film);
    REQUIRE(world.until([&] { return film->isEnabled(); }));
    film->click();
    world.click("Save");
    REQUIRE(world.until([&] { return world.node.last(control::ToNode::kSetSettings) != nullptr; }));
    const auto& saved = world.node.last(control::ToNode::kSetSettings)->set_settings().local();
    CHECK(saved.memory_bytes() == (3ull << 30) + 5);
    CHECK_FALSE(saved.pause_on_film());
}

TEST_CASE("a price is typed without its decimals being taken away") {
    World world;
    world.start();
    world.app->window()->open_page(PageName::schedule);
    auto* price = world.app->window()->findChild<QDoubleSpinBox*>();
    REQUIRE(price);
    REQUIRE(world.until([&] { return price->isEnabled() && price->value() == 0.6; }));
    price->setFocus();
    price->selectAll();
    QTest::keyClicks(price, "0.45");
    CHECK(price->value() == 0.45);
    world.click("Save");
    REQUIRE(world.until([&] { return world.node.last(control::ToNode::kSetSettings) != nullptr; }));
    CHECK(world.node.last(control::ToNode::kSetSettings)
              ->set_settings()
              .local()
              .electricity_micros_per_kwh() == 450'000);
}

TEST_CASE("whatever is pasted as names of programs, the node is asked and can say what is wrong") {
    World world;
    world.start();
    world.app->window()->open_page(PageName::schedule);
    auto* games = world.app->window()->findChild<QPlainTextEdit*>();
    REQUIRE(games);
    REQUIRE(world.until([&] { return games->isEnabled(); }));
    games->setPlainText(QString(2 << 20, QChar(0x6e38)) + QString("\nx").repeated(5000));
    const auto described = [&] {
        const auto* asked = world.node.last(control::ToNode::kDescribe);
        return asked ? asked->describe().wishes().games_size() : 0;
    };
    CHECK(world.until([&] { return described() == 1001; }));
}

}  // namespace
}  // namespace gleaner::gui::test
