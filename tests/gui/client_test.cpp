/// The client against a node over a real local socket.

#include <QSignalSpy>
#include <QTest>

#include <doctest/doctest.h>

#include "client-gui/client/node_client.h"
#include "client-gui/client/proto_values.h"
#include "tests/gui/fake_node.h"

namespace gleaner::gui::test {
namespace {

constexpr int within_ms = 5000;

/// Waits for what the client asked.
template <class T>
struct Waiting {
    std::optional<Answer<T>> answer;
    Then<T> then(QObject& context) {
        return {&context, [this](const Answer<T>& came) { answer = came; }};
    }
    bool came() {
        return QTest::qWaitFor([this] { return answer.has_value(); }, within_ms);
    }
};

struct Connected {
    FakeNode node;
    NodeClient client{[this] { return node.path(); }};
    Connected() { node.state = earning_state(); }
    bool connect() {
        client.start();
        return QTest::qWaitFor([this] { return client.link() == Link::connected; }, within_ms);
    }
};

TEST_CASE("the node's state comes as plain values, and again when it changes") {
    Connected world;
    REQUIRE(world.connect());
    CHECK(world.client.may_control());
    CHECK(world.client.node_version() == "0.1.0");
    REQUIRE(world.client.snapshot());
    const NodeSnapshot first = *world.client.snapshot();
    CHECK(first.phase == Phase::earning);
    REQUIRE(first.devices.size() == 2);
    CHECK(first.devices[0].percent == 87);
    CHECK_FALSE(first.devices[1].percent);
    CHECK(first.devices[0].figures.size() == 3);

    QSignalSpy changed(&world.client, &NodeClient::snapshot_changed);
    world.node.tell();  // the same again
    world.node.state.set_phase(control::State::PAUSED);
    world.node.tell();
    REQUIRE(QTest::qWaitFor([&] { return world.client.snapshot()->phase == Phase::paused; },
                            within_ms));
    CHECK(changed.count() == 1);
}

TEST_CASE("the client comes back when the node restarts, and says meanwhile that it is away") {
    Connected world;
    REQUIRE(world.connect());
    Waiting<Nothing> pause;
    world.node.down();
    world.client.pause(PauseUntil::resumed, 0, false, pause.then(world.client));
    REQUIRE(pause.came());
    CHECK(std::get<Refusal>(*pause.answer).code == "no_node");
    CHECK(world.client.link() == Link::absent);
    CHECK_FALSE(world.client.snapshot());
    world.node.up();
    CHECK(QTest::qWaitFor([&] { return world.client.link() == Link::connected; }, within_ms));
}

TEST_CASE("a node of another version is said to be one") {
    Connected world;
    world.node.protocol = 99;
    CHECK_FALSE(world.connect());
    CHECK(world.client.link() == Link::other_version);
}

TEST_CASE("a node of another version that stops is said to be absent") {
    Connected world;
    world.node.protocol = 99;
    world.client.start();
    REQUIRE(QTest::qWaitFor([&] { return world.client.link() == Link::other_version; }, within_ms));
    world.node.down();
    CHECK(QTest::qWaitFor([&] { return world.client.link() == Link::absent; }, within_ms));
}

TEST_CASE("a node that hangs is given up, before its welcome and after") {
    FakeNode node;
    node.state = earning_state();
    node.hung = true;
    NodeClient client([&node] { return node.path(); }, nullptr,
                      {.welcome_ms = 50, .answer_ms = 100});
    client.start();
    CHECK(QTest::qWaitFor([&] { return client.link() == Link::absent; }, within_ms));
    node.hung = false;
    REQUIRE(QTest::qWaitFor([&] { return client.link() == Link::connected; }, within_ms));
    node.hung = true;
    Waiting<Nothing> resume;
    client.resume(resume.then(client));
    REQUIRE(resume.came());
    CHECK(std::get<Refusal>(*resume.answer).code == "no_node");
    CHECK_FALSE(client.snapshot());
    CHECK(client.link() == Link::absent);
}

TEST_CASE("a socket where nobody listens is an absent node") {
    NodeClient client([] { return QStringLiteral("/nonexistent/control.sock"); });
    client.start();
    CHECK(QTest::qWaitFor([&] { return client.link() == Link::absent; }, within_ms));
}

TEST_CASE("settings survive the way to the node and back, to the last bit") {
    Connected world;
    world.node.answer_all();
    REQUIRE(world.connect());
    Wishes wishes;
    wishes.hours[0] = wishes.hours[23] = wishes.hours[24] = wishes.hours[167] = true;
    wishes.idle_minutes = 7;
    wishes.when_in_use = InUse::throttle;
    wishes.games = {"a.exe", QString::fromUtf8("\u6e38\u620f.exe")};
    wishes.use_game_presets = false;
    wishes.memory = 1;
    wishes.month = std::numeric_limits<std::uint64_t>::max();
    wishes.give_back = GiveBack::suspend;
    wishes.electricity_micros_per_kwh = 123'456;
    wishes.business_from_minute = 1439;
    Waiting<Settings> saved;
    world.client.set_settings(wishes, saved.then(world.client));
    REQUIRE(saved.came());
    CHECK(std::get<Settings>(*saved.answer).local == wishes);
    CHECK(world.node.last(control::ToNode::kSetSettings)->set_settings().local().hours().size() ==
          21);
}

TEST_CASE("a refusal comes in both languages") {
    Connected world;
    world.node.refuse(control::ToNode::kResume, "Not now.", "\u73b0\u5728\u4e0d\u884c\u3002");
    REQUIRE(world.connect());
    Waiting<Nothing> resume;
    world.client.resume(resume.then(world.client));
    REQUIRE(resume.came());
    const auto& why = std::get<Refusal>(*resume.answer).why;
    CHECK(text(why) == "Not now.");
    const QLocale before;
    QLocale::setDefault(QLocale(QLocale::Chinese, QLocale::China));
    CHECK(text(why) == why.zh);
    QLocale::setDefault(before);
}

TEST_CASE("an answer to another question is a refusal, not an empty value") {
    Connected world;
    REQUIRE(world.connect());
    Waiting<Settings> settings;
    world.client.get_settings(settings.then(world.client));  // answered by Done
    REQUIRE(settings.came());
    REQUIRE(std::holds_alternative<Refusal>(*settings.answer));
    CHECK(std::get<Refusal>(*settings.answer).code == "unexpected");
    CHECK_FALSE(text(std::get<Refusal>(*settings.answer).why).isEmpty());
}

TEST_CASE(
    "a request that is too large for the node is refused here, and the next one goes through") {
    Connected world;
    world.node.answer_all();
    REQUIRE(world.connect());
    Wishes wishes;
    wishes.games << QString(2 << 20, 'x');
    Waiting<Settings> saved;
    world.client.set_settings(wishes, saved.then(world.client));
    REQUIRE(saved.came());
    REQUIRE(std::holds_alternative<Refusal>(*saved.answer));
    CHECK_FALSE(world.node.last(control::ToNode::kSetSettings));
    Waiting<Settings> read;
    world.client.get_settings(read.then(world.client));
    REQUIRE(read.came());
    CHECK(std::holds_alternative<Settings>(*read.answer));
}

TEST_CASE("an answer for a page that is gone is not delivered") {
    Connected world;
    REQUIRE(world.connect());
    bool called = false;
    {
        QObject page;
        world.client.resume({&page, [&called](const Answer<Nothing>&) { called = true; }});
    }
    Waiting<Nothing> later;
    world.client.resume(later.then(world.client));
    REQUIRE(later.came());
    CHECK_FALSE(called);
}

TEST_CASE(
    "what a state says of hours that are too short or numbers that are too large is bounded") {
    control::Wishes wishes;
    wishes.set_hours("\xff");
    wishes.set_idle_minutes(std::numeric_limits<std::uint32_t>::max());
    const Wishes read = from_proto(wishes);
    CHECK(read.hours.count() == 8);
    CHECK(read.idle_minutes == std::numeric_limits<int>::max());
}

}  // namespace
}  // namespace gleaner::gui::test
