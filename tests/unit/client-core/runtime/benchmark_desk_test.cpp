// Aim: a report is handed in once a session until it is answered, twice at most, always under the
// identity that the node has now; and the coordinator's verdict is what its owner sees.
#include "client-core/runtime/benchmark_desk.h"

#include <fstream>
#include <iterator>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "client-core/runtime/credentials.h"
#include "shared/artefact/sha256.h"
#include "shared/proto/control.pb.h"
#include "shared/proto/wire.pb.h"
#include "shared/tls/authority.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/client-core/bench/scripted_sandbox.h"

using namespace gleaner;

namespace {

struct Fixture {
    Fixture() { keep("cuda0", report()); }

    static BenchReport report() {
        BenchReport report;
        report.kind = "cuda";
        report.name = "NVIDIA L4";
        report.figures = {{"fp32", "TFLOPS", "fma", 29, 0.1, 9}};
        return report;
    }
    /// As an earlier run of the node left it.
    void keep(const std::string& device, const BenchReport& measured) const {
        std::ofstream(file(device)) << tls::to_json(tls::SignedReport{to_json(measured), {}});
    }
    [[nodiscard]] std::filesystem::path file(const std::string& device) const {
        return folder.path() / ("bench_" + device + ".json");
    }
    void enrol(const char* node) {
        auto key = tls::KeyPair::generate().value();
        const std::string csr = key.signing_request("x").value();
        const auto pem = authority.issue_node(csr, NodeId(node), SiteId("site"), 24h).value().pem;
        const Credentials made{std::move(key), pem, authority.certificate_pem(),
                               SigningKey::generate().public_key(), std::string(64, 'f')};
        REQUIRE(made.save(folder.path()));
    }
    [[nodiscard]] std::unique_ptr<BenchmarkDesk> open() {
        return std::make_unique<BenchmarkDesk>(
            BenchmarkNeeds{folder.path(), {}, {}, sandbox, clock, io.get_executor()},
            [this] { ++changes; });
    }
    [[nodiscard]] BenchReport opened(const std::string& bytes) const {
        const auto identity = Credentials::load(folder.path()).value();
        const auto sealed = tls::parse_signed_report(bytes).value();
        auto report = tls::open_report(sealed, identity->node(), identity->certificate_pem());
        REQUIRE(report.has_value());
        return std::move(report).value();
    }
    [[nodiscard]] static std::string verdict_of(const BenchmarkDesk& desk) {
        control::State state;
        state.add_devices()->set_id("cuda0");
        state.mutable_devices(0)->set_name("NVIDIA L4");
        desk.describe(state);
        CHECK_FALSE(state.devices(0).verdict().zh().empty());
        return state.devices(0).verdict().en();
    }
    [[nodiscard]] static wire::BenchmarkVerdict answer(const std::string& bytes,
                                                       wire::BenchmarkVerdict::Verdict verdict) {
        wire::BenchmarkVerdict answer;
        answer.set_report_sha256(hash_bytes(bytes).get());
        answer.set_device("cuda0");
        answer.set_verdict(verdict);
        answer.set_english("it is slow");
        answer.set_chinese("慢");
        return answer;
    }

    testing::TemporaryFolder folder;
    ManualClock clock;
    tls::Authority authority = tls::Authority::create("test", clock).value();
    boost::asio::io_context io;
    ScriptedSandbox sandbox{Script{}};
    int changes = 0;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an unanswered report is handed in with two sessions and no more") {
    enrol("node_a");
    const auto desk = open();
    CHECK(desk->take_due().empty());  // there is no session yet
    for (const int session : {1, 2}) {
        CAPTURE(session);
        desk->session_began();
        const auto due = desk->take_due();
        REQUIRE(due.size() == 1);
        CHECK(opened(due[0]).device == "cuda0");
        CHECK(desk->take_due().empty());
    }
    desk->session_began();
    CHECK(desk->take_due().empty());
    desk->forget_verdicts();  // another coordinator
    desk->session_began();
    CHECK(desk->take_due().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "an answered report rests, and its verdict is shown") {
    enrol("node_a");
    const auto desk = open();
    const std::string own = verdict_of(*desk);
    desk->session_began();
    const auto due = desk->take_due();
    desk->verdict(answer("another report", wire::BenchmarkVerdict::TOO_GOOD));
    CHECK(verdict_of(*desk) == own);
    desk->verdict(answer(due.at(0), wire::BenchmarkVerdict::TOO_POOR));
    CHECK(changes == 2);
    CHECK(verdict_of(*desk) == "The coordinator says: it is slow");
    desk->session_began();
    CHECK(desk->take_due().empty());
    desk->forget_verdicts();
    CHECK(verdict_of(*desk) == own);
    desk->session_began();
    auto refused = answer(desk->take_due().at(0), wire::BenchmarkVerdict::REFUSED);
    refused.clear_chinese();
    desk->verdict(refused);
    CHECK(verdict_of(*desk) == "The coordinator did not take this benchmark: it is slow");
}

TEST_CASE_FIXTURE(Fixture, "what another identity signed, or none, is signed anew and kept so") {
    enrol("node_a");
    std::string first;
    {
        const auto desk = open();
        desk->session_began();
        first = desk->take_due().at(0);
        CHECK(opened(first).node == "node_a");
    }
    {
        const auto desk = open();
        desk->session_began();
        CHECK(desk->take_due().at(0) == first);  // the very same bytes
    }
    enrol("node_b");
    const auto desk = open();
    desk->session_began();
    CHECK(opened(desk->take_due().at(0)).node == "node_b");
    std::ifstream in(file("cuda0"));
    CHECK(opened(std::string{std::istreambuf_iterator<char>(in), {}}).node == "node_b");
}

TEST_CASE_FIXTURE(Fixture,
                  "without an identity nothing is handed in; damaged reports are forgotten") {
    std::ofstream(file("cpu")) << "{";
    const auto desk = open();
    desk->session_began();
    CHECK(desk->take_due().empty());
    control::State state;
    state.add_devices()->set_id("cpu");
    desk->describe(state);
    CHECK(state.devices(0).figures_size() == 0);
}
