/// The first run, page by page.

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QTest>
#include <QTextBrowser>
#include <algorithm>

#include <doctest/doctest.h>

#include "client-gui/views/setup_wizard.h"
#include "tests/gui/fake_node.h"

namespace gleaner::gui::test {
namespace {

constexpr int within_ms = 5000;

struct World {
    FakeNode node;
    NodeClient client{[this] { return node.path(); }};
    BenchmarkRun run{client, nullptr};
    std::unique_ptr<SetupWizard> wizard;

    World() {
        node.state = earning_state();
        node.state.set_phase(control::State::NOT_JOINED);
        node.answer_all();
        client.start();
        REQUIRE(until([this] { return client.link() == Link::connected; }));
        wizard = std::make_unique<SetupWizard>(client, run);
        wizard->show();
        wizard->next();
    }
    template <class Condition>
    static bool until(Condition condition) {
        return QTest::qWaitFor(condition, within_ms);
    }
    void type(const char* name, const char* words) const {
        for (auto* line : wizard->findChildren<QLineEdit*>())
            if (line->accessibleName() == name) QTest::keyClicks(line, words);
    }
    [[nodiscard]] bool may_go_on() const {
        return wizard->button(QWizard::NextButton)->isEnabled();
    }
    void agree() const {
        auto* accept = wizard->currentPage()->findChild<QCheckBox*>();
        REQUIRE(until([&] { return accept->isEnabled(); }));
        CHECK_FALSE(may_go_on());
        accept->click();
        CHECK(may_go_on());
        wizard->next();
    }
    /// By a token.
    void go_to_suggestions() const {
        type("Address of the coordinator", "grid.example.org");
        type("Enrolment token", "glt_x.y.z");
        wizard->next();
        agree();
        REQUIRE(until([this] { return choice("A computer at home or at work") != nullptr; }));
    }
    [[nodiscard]] QRadioButton* choice(const QString& words) const {
        for (auto* one : wizard->findChildren<QRadioButton*>())
            if (one->text() == words) return one;
        return nullptr;
    }
    [[nodiscard]] bool says(const QString& words) const {
        for (auto* label : wizard->currentPage()->findChildren<QLabel*>())
            if (label->text().contains(words)) return true;
        return false;
    }
};

TEST_CASE("a token joins the computer with the settings that suit it, and it is measured") {
    World world;
    CHECK_FALSE(world.may_go_on());
    world.type("Address of the coordinator", "grid.example.org");
    world.type("Enrolment token", " glt_x.y.z ");
    REQUIRE(world.may_go_on());
    world.wizard->next();
    world.agree();
    REQUIRE(
        world.until([&] { return world.choice("A seat in an internet caf\u00e9") != nullptr; }));
    world.choice("A seat in an internet caf\u00e9")->click();
    CHECK(world.says("for 5 minutes"));
    world.wizard->next();
    REQUIRE(world.until([&] { return world.says("This computer has joined."); }));
    const auto* join = world.node.last(control::ToNode::kJoin);
    CHECK(join->join().coordinator() == "grid.example.org:7443");
    CHECK(join->join().token() == "glt_x.y.z");
    REQUIRE(
        world.until([&] { return world.node.last(control::ToNode::kStartBenchmark) != nullptr; }));
    CHECK(world.node.last(control::ToNode::kSetSettings)->set_settings().local().idle_minutes() ==
          5);
    CHECK(world.wizard->button(QWizard::FinishButton)->isEnabled());
    CHECK_FALSE(world.wizard->button(QWizard::BackButton)->isEnabled());
}

TEST_CASE("an owner reads the coordinator's own text before agreeing to it") {
    World world;
    world.choice("I am an owner and create a site now")->click();
    world.type("Address of the coordinator's console", "http://grid.example.org:8443");
    world.type("Your owner's key", "secret");
    world.type("Name of the new site", "Home");
    CHECK_FALSE(world.may_go_on());  // not over TLS
    for (auto* line : world.wizard->findChildren<QLineEdit*>())
        if (line->text().startsWith("http:")) line->setText("https://grid.example.org:8443");
    REQUIRE(world.may_go_on());
    world.wizard->next();
    auto* words = world.wizard->currentPage()->findChild<QTextBrowser*>();
    REQUIRE(world.until([&] { return words->toPlainText().startsWith("I let Gleaner use"); }));
    world.agree();
    world.wizard->next();
    REQUIRE(world.until([&] { return world.node.last(control::ToNode::kJoin) != nullptr; }));
    const auto& join = world.node.last(control::ToNode::kJoin)->join();
    CHECK(join.owner().key() == "secret");
    CHECK(join.site() == "Home");
    CHECK(join.consent_date() == "2026-11-25");
    CHECK(join.consent_sha256() == "aa");
    CHECK(join.coordinator() == "grid.example.org:7443");
}

TEST_CASE("without the text there is nothing to agree to, and a refused token can be mended") {
    World world;
    world.node.refuse(control::ToNode::kReadConsent, "The key is not an owner's.", "");
    world.node.refuse(control::ToNode::kJoin, "The token was used already.", "");
    world.choice("I am an owner and create a site now")->click();
    world.type("Address of the coordinator's console", "https://grid.example.org");
    world.type("Your owner's key", "x");
    world.type("Name of the new site", "x");
    world.wizard->next();
    REQUIRE(world.until([&] { return world.says("The key is not an owner's."); }));
    CHECK_FALSE(world.may_go_on());
    world.wizard->back();
    world.choice("With an enrolment token of my site")->click();
    world.type("Address of the coordinator", "[::1]:7443");
    world.type("Enrolment token", "glt_x.y.z");
    world.wizard->next();
    world.agree();
    world.wizard->next();
    REQUIRE(world.until([&] { return world.says("The token was used already."); }));
    CHECK_FALSE(world.wizard->button(QWizard::FinishButton)->isEnabled());
    CHECK(world.wizard->button(QWizard::BackButton)->isEnabled());
    CHECK(world.node.last(control::ToNode::kJoin)->join().coordinator() == "[::1]:7443");
    CHECK_FALSE(world.node.last(control::ToNode::kStartBenchmark));
}

TEST_CASE("settings come before joining, and refused ones end it there") {
    World world;
    world.node.refuse(control::ToNode::kSetSettings, "The disk is full.", "");
    world.go_to_suggestions();
    world.wizard->next();
    REQUIRE(world.until([&] { return world.says("The disk is full."); }));
    CHECK(world.says("Go back"));
    CHECK(world.wizard->button(QWizard::BackButton)->isEnabled());
    CHECK_FALSE(world.wizard->button(QWizard::FinishButton)->isEnabled());
    CHECK_FALSE(world.node.last(control::ToNode::kJoin));
}

TEST_CASE("measuring goes on when the wizard is closed, and what is put off is not called done") {
    World world;
    world.go_to_suggestions();
    world.wizard->next();
    REQUIRE(
        world.until([&] { return world.node.last(control::ToNode::kStartBenchmark) != nullptr; }));
    SUBCASE("closed") {
        world.wizard.reset();
        CHECK(world.run.running());
        CHECK_FALSE(world.node.last(control::ToNode::kCancelBenchmark));
    }
    SUBCASE("put off") {
        for (auto* button : world.wizard->findChildren<QPushButton*>())
            if (button->text() == "Measure later") button->click();
        REQUIRE(world.until([&] { return world.says("Not measured."); }));
        CHECK_FALSE(world.says("Measured."));
    }
}

TEST_CASE("while the node is asked to join there is no way out that it would not notice") {
    World world;
    world.node.withheld = {control::ToNode::kJoin};
    world.go_to_suggestions();
    world.wizard->next();
    REQUIRE(world.until([&] { return world.node.last(control::ToNode::kJoin) != nullptr; }));
    CHECK_FALSE(world.wizard->button(QWizard::BackButton)->isEnabled());
    CHECK_FALSE(world.wizard->button(QWizard::CancelButton)->isEnabled());
    world.wizard->close();
    QTest::keyClick(world.wizard.get(), Qt::Key_Escape);
    CHECK(world.wizard->isVisible());
    world.node.release();
    REQUIRE(world.until([&] { return world.says("This computer has joined."); }));
    CHECK_FALSE(world.wizard->button(QWizard::BackButton)->isEnabled());
    world.wizard->close();
    CHECK_FALSE(world.wizard->isVisible());
}

TEST_CASE("a consent that comes after its page was left is not taken for another one") {
    World world;
    world.node.withheld = {control::ToNode::kReadConsent};
    world.choice("I am an owner and create a site now")->click();
    world.type("Address of the coordinator's console", "https://grid.example.org");
    world.type("Your owner's key", "x");
    world.type("Name of the new site", "x");
    world.wizard->next();
    REQUIRE(world.until([&] { return world.node.last(control::ToNode::kReadConsent) != nullptr; }));
    world.wizard->back();
    world.node.refuse(control::ToNode::kReadConsent, "The key is not an owner's.", "");
    world.wizard->next();
    const auto asked = [&] {
        return std::count_if(world.node.asked.begin(), world.node.asked.end(),
                             [](const auto& request) { return request.has_read_consent(); });
    };
    REQUIRE(world.until([&] { return asked() == 2; }));
    world.node.release();
    REQUIRE(world.until([&] { return world.says("The key is not an owner's."); }));
    CHECK_FALSE(world.wizard->currentPage()->findChild<QCheckBox*>()->isEnabled());
    CHECK(world.wizard->currentPage()->findChild<QTextBrowser*>()->toPlainText().isEmpty());
}

}  // namespace
}  // namespace gleaner::gui::test
