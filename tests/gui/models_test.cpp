/// Models and words of the tray app, without a window.

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>
#include <algorithm>

#include <doctest/doctest.h>

#include "client-gui/models/benchmark_run.h"
#include "client-gui/models/device_model.h"
#include "client-gui/models/earnings_model.h"
#include "client-gui/models/log_model.h"
#include "client-gui/models/settings_draft.h"
#include "client-gui/models/week_model.h"
#include "client-gui/models/wording.h"
#include "tests/gui/fake_node.h"

namespace gleaner::gui::test {
namespace {

constexpr int within_ms = 5000;
constexpr auto fatal = QAbstractItemModelTester::FailureReportingMode::Fatal;

Device device(const QString& id) {
    Device device;
    device.id = id;
    device.name = id + " name";
    return device;
}

TEST_CASE("devices come and go one by one, and only what changed is said to") {
    DeviceModel model;
    const QAbstractItemModelTester tester(&model, fatal);
    model.show({device("a"), device("b")});
    CHECK(model.rowCount() == 2);
    QSignalSpy changed(&model, &DeviceModel::dataChanged);
    QSignalSpy removed(&model, &DeviceModel::rowsRemoved);
    Device busy = device("b");
    busy.percent = 50;
    model.show({device("a"), busy});
    CHECK(changed.count() == 1);
    CHECK(changed[0][0].value<QModelIndex>().row() == 1);
    model.show({busy, device("c")});
    CHECK(removed.count() == 1);
    CHECK(model.index(0).data().toString() == "b name");
    CHECK(model.index(1).data(DeviceModel::IdRole).toString() == "c");
}

TEST_CASE("a graphics card's memory has its own name") {
    Device cpu = device("cpu");
    cpu.kind = "cpu";
    Device card = device("cuda:0");
    card.kind = "cuda";
    cpu.memory_total = card.memory_total = 1u << 30;
    DeviceModel model;
    model.show({cpu, card});
    CHECK(model.index(0).data(DeviceModel::DetailsRole).toString().startsWith("memory"));
    CHECK(model.index(1).data(DeviceModel::DetailsRole).toString().startsWith("GPU memory"));
    CHECK_FALSE(model.index(0).data(DeviceModel::GpuRole).toBool());
    CHECK(model.index(1).data(DeviceModel::GpuRole).toBool());
    CHECK(Wording::figure("memory_copy", false) == "Memory, copy");
    CHECK(Wording::figure("memory_copy", true) == "GPU memory, copy");
    CHECK(Wording::figure("fp32", true) == Wording::figure("fp32", false));
}

TEST_CASE("what is not known of a device is not shown as nought") {
    DeviceModel model;
    model.show({device("a")});
    CHECK_FALSE(model.index(0).data(DeviceModel::LoadRole).isValid());
    CHECK_FALSE(model.index(0).data(DeviceModel::MemoryRole).isValid());
    CHECK(model.index(0).data(DeviceModel::DetailsRole).toString().isEmpty());
}

LogLine line(std::uint64_t number) {
    return {number, QDateTime::currentDateTime(), "info", {}};
}

TEST_CASE("the log shows each line once, the newest first") {
    LogModel model;
    const QAbstractItemModelTester tester(&model, fatal);
    model.add_newer({line(5), line(6)});
    model.add_newer({line(5), line(6), line(7)});
    model.add_older({line(3), line(4)});
    REQUIRE(model.rowCount() == 5);
    CHECK(model.newest() == 7);
    CHECK(model.oldest() == 3);
    model.clear();
    CHECK(model.rowCount() == 0);
    CHECK(model.newest() == 0);
}

TEST_CASE("earnings are summed by days and leave as exact decimals") {
    EarningsModel model;
    const QAbstractItemModelTester tester(&model, fatal);
    Earnings earnings;
    earnings.currency = "CNY";
    earnings.days = {{QDate(2026, 11, 1), 1, 2'000'000}, {QDate(2026, 11, 2), -1'500'000, 3}};
    model.show(earnings);
    model.show(earnings);
    CHECK(model.rowCount() == 2);
    CHECK(model.sum(QDate(2026, 11, 1), QDate(2026, 11, 2)) == EarningsSum{-1'499'999, 2'000'003});
    CHECK(model.sum(QDate(2026, 11, 2), QDate(2026, 11, 2)) == EarningsSum{-1'500'000, 3});
    CHECK(model.to_csv() ==
          "day,currency,pending,confirmed\r\n2026-11-01,CNY,0.000001,2.000000\r\n"
          "2026-11-02,CNY,-1.500000,0.000003\r\n");
    CHECK(model.index(0, EarningsModel::DayColumn).data() ==
          QLocale().toString(QDate(2026, 11, 2), QLocale::ShortFormat));
}

TEST_CASE("hours of the week turn over together, as the first of them does") {
    WeekModel model;
    const QAbstractItemModelTester tester(&model, fatal);
    QSignalSpy edited(&model, &WeekModel::edited);
    WeekModel::Hours hours;
    hours[1] = true;
    model.show(hours);
    CHECK(edited.count() == 0);
    model.toggle({model.index(0, 0), model.index(0, 1), model.index(6, 23)});
    CHECK(edited.count() == 1);
    CHECK(model.hours().count() == 3);
    CHECK(model.hours()[167]);
    CHECK(model.index(6, 23).data(Qt::AccessibleTextRole).toString().contains("may work"));
    CHECK(model.index(3, 3).data(Qt::AccessibleTextRole).toString().contains("does not work"));
}

TEST_CASE("amounts are money, small ones too") {
    CHECK(Wording::money(12'340'000, "CNY") == QString(QChar(0xA5)) + "12.34");
    CHECK(Wording::money(1'200, "CNY") == QString(QChar(0xA5)) + "0.0012");
    CHECK(Wording::money(-2'000'000, "USD") == QString("-USD") + QChar(QChar::Nbsp) + "2.00");
    CHECK(Wording::money(2'000'000, "$") == "$2.00");
    CHECK(Wording::figure("a_figure_of_tomorrow", true) == "a_figure_of_tomorrow");
    CHECK(Wording::sandbox_attempt("devices_camera") == "Open the camera");
    CHECK(Wording::sandbox_attempt("an_attempt_of_tomorrow") == "an_attempt_of_tomorrow");
}

TEST_CASE("every state of link and node has a headline, and what needs a person says what to do") {
    CHECK(HeadlineWording::of(Link::absent, {}).badge == Badge::problem);
    CHECK_FALSE(HeadlineWording::of(Link::absent, {}).detail.isEmpty());
    CHECK_FALSE(HeadlineWording::of(Link::forbidden, {}).detail.isEmpty());
    CHECK_FALSE(HeadlineWording::of(Link::other_version, {}).detail.isEmpty());
    for (int phase = 0; phase <= static_cast<int>(Phase::stopping); ++phase) {
        NodeSnapshot snapshot;
        snapshot.phase = static_cast<Phase>(phase);
        CHECK_FALSE(HeadlineWording::of(Link::connected, snapshot).title.isEmpty());
    }
    NodeSnapshot paused;
    paused.phase = Phase::paused;
    paused.why.en = "You paused it.";
    paused.resumes_in_s = 3600;
    CHECK(HeadlineWording::of(Link::connected, paused)
              .detail.startsWith("You paused it. Goes on in"));
}

struct World {
    FakeNode node;
    NodeClient client{[this] { return node.path(); }};
    World() {
        node.state = earning_state();
        node.answer_all();
        client.start();
        REQUIRE(QTest::qWaitFor([this] { return client.link() == Link::connected; }, within_ms));
    }
};

TEST_CASE("a draft says what it would mean, is kept when the node speaks, and is saved whole") {
    World world;
    SettingsDraft draft(world.client, nullptr);
    draft.load();
    REQUIRE(QTest::qWaitFor([&] { return draft.loaded(); }, within_ms));
    CHECK_FALSE(draft.changed());
    Wishes wishes = draft.wishes();
    wishes.idle_minutes = 33;
    draft.set(wishes);
    CHECK(draft.changed());
    REQUIRE(QTest::qWaitFor([&] { return draft.meaning() == "What the draft means."; }, within_ms));
    QSignalSpy came(&draft, &SettingsDraft::settings_came);
    draft.load();
    REQUIRE(QTest::qWaitFor([&] { return came.count() == 1; }, within_ms));
    CHECK(draft.wishes().idle_minutes == 33);
    draft.save();
    REQUIRE(QTest::qWaitFor([&] { return came.count() == 2; }, within_ms));
    CHECK_FALSE(draft.changed());
    CHECK(world.node.last(control::ToNode::kSetSettings)->set_settings().local().idle_minutes() ==
          33);
}

TEST_CASE("a draft that contradicts a range says so and is not sound") {
    World world;
    SettingsDraft draft(world.client, nullptr);
    draft.load();
    REQUIRE(QTest::qWaitFor([&] { return draft.loaded(); }, within_ms));
    world.node.refuse(control::ToNode::kDescribe, "idle_minutes is too large", "");
    Wishes wishes = draft.wishes();
    wishes.idle_minutes = 9999;
    draft.set(wishes);
    REQUIRE(QTest::qWaitFor([&] { return !draft.sound(); }, within_ms));
    CHECK(draft.meaning() == "idle_minutes is too large");
}

TEST_CASE("a draft that was kept while the node was away is described again when it is back") {
    World world;
    SettingsDraft draft(world.client, nullptr);
    draft.load();
    REQUIRE(QTest::qWaitFor([&] { return draft.loaded(); }, within_ms));
    world.node.down();
    REQUIRE(QTest::qWaitFor([&] { return world.client.link() == Link::absent; }, within_ms));
    Wishes wishes = draft.wishes();
    wishes.idle_minutes = 33;
    draft.set(wishes);
    REQUIRE(QTest::qWaitFor([&] { return !draft.sound(); }, within_ms));
    world.node.up();
    REQUIRE(QTest::qWaitFor([&] { return world.client.link() == Link::connected; }, within_ms));
    draft.load();
    REQUIRE(QTest::qWaitFor([&] { return draft.sound(); }, within_ms));
    CHECK(draft.wishes().idle_minutes == 33);
    CHECK(draft.meaning() == "What the draft means.");
}

TEST_CASE("settings that the node does not show are said to be refused") {
    World world;
    world.node.refuse(control::ToNode::kGetSettings, "The settings cannot be read.", "");
    SettingsDraft draft(world.client, nullptr);
    draft.load();
    REQUIRE(QTest::qWaitFor([&] { return !draft.meaning().isEmpty(); }, within_ms));
    CHECK(draft.meaning() == "The settings cannot be read.");
    CHECK_FALSE(draft.loaded());
}

TEST_CASE("one button measures each device in turn, and stops at the first that cannot be") {
    World world;
    BenchmarkRun run(world.client, nullptr);
    QSignalSpy finished(&run, &BenchmarkRun::finished);
    const auto measure = [&](const char* id) {
        REQUIRE(QTest::qWaitFor(
            [&] {
                const auto* asked = world.node.last(control::ToNode::kStartBenchmark);
                return asked && asked->start_benchmark().device() == id;
            },
            within_ms));
        world.node.state.mutable_benchmark()->set_running(true);
        world.node.state.mutable_benchmark()->set_percent(50);
        world.node.tell();
        REQUIRE(QTest::qWaitFor([&] { return run.percent() % 50 == 25; }, within_ms));
    };
    run.start();
    CHECK(run.running());
    measure("cuda:0");
    CHECK(run.percent() == 25);
    world.node.state.mutable_benchmark()->set_running(false);
    world.node.tell();
    measure("cpu");
    CHECK(run.percent() == 75);
    world.node.state.mutable_benchmark()->set_running(false);
    world.node.state.mutable_benchmark()->mutable_problem()->set_en("Somebody came.");
    world.node.tell();
    REQUIRE(QTest::qWaitFor([&] { return finished.count() == 1; }, within_ms));
    CHECK(finished[0][0].value<BenchmarkRun::Outcome>() == BenchmarkRun::Outcome::failed);
    CHECK(finished[0][1].toString() == "Somebody came.");
    CHECK_FALSE(run.running());
}

TEST_CASE("a run that is stopped was neither done nor failed, and measures no other device") {
    World world;
    BenchmarkRun run(world.client, nullptr);
    QSignalSpy finished(&run, &BenchmarkRun::finished);
    const auto asked = [&] {
        return std::count_if(world.node.asked.begin(), world.node.asked.end(),
                             [](const auto& request) { return request.has_start_benchmark(); });
    };
    SUBCASE("while the node measures") {
        run.start();
        REQUIRE(QTest::qWaitFor([&] { return asked() == 1; }, within_ms));
        world.node.state.mutable_benchmark()->set_running(true);
        world.node.state.mutable_benchmark()->set_percent(50);
        world.node.tell();
        REQUIRE(QTest::qWaitFor([&] { return run.percent() == 25; }, within_ms));
        run.cancel();
        REQUIRE(QTest::qWaitFor(
            [&] { return world.node.last(control::ToNode::kCancelBenchmark) != nullptr; },
            within_ms));
        CHECK(finished.count() == 0);
        world.node.state.mutable_benchmark()->set_running(false);
        world.node.tell();
    }
    SUBCASE("before it said that it does") {
        run.start();
        run.cancel();
    }
    REQUIRE(QTest::qWaitFor([&] { return finished.count() == 1; }, within_ms));
    CHECK(finished[0][0].value<BenchmarkRun::Outcome>() == BenchmarkRun::Outcome::cancelled);
    CHECK_FALSE(run.running());
    CHECK(asked() == 1);
}

TEST_CASE("a node that goes away while it measures ends the run once") {
    World world;
    BenchmarkRun run(world.client, nullptr);
    QSignalSpy finished(&run, &BenchmarkRun::finished);
    run.start();
    world.node.down();
    REQUIRE(QTest::qWaitFor([&] { return world.client.link() == Link::absent; }, within_ms));
    CHECK(finished.count() == 1);
    run.start();
    CHECK(finished.count() == 2);
    CHECK_FALSE(run.running());
}

}  // namespace
}  // namespace gleaner::gui::test
