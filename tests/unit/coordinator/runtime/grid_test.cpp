/// The grid with a real store on disk and a node that the test plays: frames in, frames out.

#include "coordinator/runtime/grid.h"

#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/proto/wire.pb.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

using namespace gleaner;
using namespace gleaner::runtime;
namespace asio = boost::asio;

namespace {

class PlayedNode final : public NodeLink {
public:
    void send(const wire::ToNode& message) override { frames.push_back(message); }
    void close(std::string_view) override {}

    [[nodiscard]] std::vector<wire::Lease> leases() const {
        std::vector<wire::Lease> found;
        for (const auto& frame : frames)
            if (frame.has_lease()) found.push_back(frame.lease());
        return found;
    }
    std::vector<wire::ToNode> frames;
};

class KeptSink final : public StreamSink {
public:
    void on_started(const NodeId&, bool) override { started = true; }
    void on_delta(std::string_view, std::uint32_t) override {}
    core::Verdict on_end(const wire::StreamEnd&) override { return core::Verdict::plausible; }
    void on_interrupted(const NodeId&, core::FailureCause, std::uint64_t micros) override {
        device_micros = micros;
    }
    void on_refused(const Error& error, Duration) override { refused = error.message(); }

    bool started = false;
    std::optional<std::uint64_t> device_micros;
    std::string refused;
};

struct Rig {
    Rig() {
        const auto path = (folder.path() / "gleaner.db").string();
        {
            auto opened = store::Store::open(path, store::Store::Mode::read_write, clock).value();
            world = testing::StoreWorld::fill(*opened, clock, Money{1'000'000'000}, 1);
            node = opened->node(world.nodes.front()).value();
        }
        store = store::StoreExecutor::start(path, clock, io.get_executor()).value();
        grid = std::make_unique<Grid>(options(), clock, *store, blobs, io.get_executor());
        wait_for(start());
        store::EnginePackage engine;
        engine.name = "llama.cpp";
        engine.version = "1";
        engine.backend = "cpu";
        engine.os = "linux";
        engine.arch = "x86_64";
        grid->engine_added(engine);
        model.name = "demo";
        model.sha256 = world.model;
        model.memory_bytes = 1'000;
        model.context_tokens = 4'096;
        model.slots = 4;
        grid->model_added(model, {});
    }
    ~Rig() { wait_for(grid->stop()); }

    static Grid::Options options() {
        Grid::Options options;
        options.scheduler.canary_share = 0;
        return options;
    }
    asio::awaitable<void> start() {
        const auto started = co_await grid->start();
        REQUIRE(started.has_value());
    }
    void wait_for(asio::awaitable<void> work) {
        bool done = false;
        asio::co_spawn(io, std::move(work), [&](const std::exception_ptr& thrown) {
            done = true;
            if (thrown) std::rethrow_exception(thrown);
        });
        REQUIRE(until([&] { return done; }));
    }
    /// Lets things happen until the condition holds; false after 20 s.
    bool until(const std::function<bool()>& holds) {
        io.restart();
        const Time deadline = clock.now() + 20s;
        while (!holds()) {
            if (clock.now() > deadline) return false;
            io.run_one_for(50ms);
            io.restart();
        }
        return true;
    }
    /// What the store says of one write.
    Status write(std::function<Status(store::Store&)> work) {
        std::optional<Status> outcome;
        store->post_write(std::move(work), [&](Status status) { outcome = std::move(status); });
        REQUIRE(until([&] { return outcome.has_value(); }));
        return *outcome;
    }
    void join(std::uint32_t items = 64) {
        wire::Hello hello;
        hello.set_os("linux");
        hello.set_arch("x86_64");
        auto& device = *hello.add_devices();
        device.set_id("cpu");
        device.set_kind("cpu");
        device.set_name("Test CPU");
        device.set_memory_bytes(1 << 30);
        grid->node_joined(node, hello, link, 3'600);
        wire::ToCoordinator ready;
        ready.mutable_model_state()->set_sha256(model.sha256.get());
        ready.mutable_model_state()->set_state(wire::ModelState::READY);
        ready.mutable_model_state()->set_device("cpu");
        ready.mutable_model_state()->set_slots(4);
        grid->node_said(node.id, std::move(ready));
        wire::ToCoordinator capacity;
        auto& window = *capacity.mutable_capacity()->add_windows();
        window.set_model_sha256(model.sha256.get());
        window.set_items(items);
        window.set_streams(4);
        grid->node_said(node.id, std::move(capacity));
    }
    /// A job whose input file has these lines; admitted, not yet opened.
    store::Job admit(const std::vector<std::string>& lines) {
        const auto path = blobs.file_path(FileId{"file-input"});
        std::ofstream file(path);
        for (const auto& line : lines) file << line << "\n";
        return admit_lines(static_cast<std::int64_t>(lines.size()));
    }
    store::Job admit_lines(std::int64_t lines) {
        store::Job job = world.job(lines);
        const auto project = world.project.id;
        const auto admitted = write([&](store::Store& s) -> Status {
            store::File file;
            file.id = job.input_file;
            file.project = project;
            file.purpose = "batch";
            file.filename = "in.jsonl";
            file.bytes = 1;
            GLEANER_TRY(s.add_file(file));
            job.created = clock.wall();
            job.deadline = clock.wall() + 24h;
            GLEANER_TRY(job, s.admit_job(job, Money{1'000'000}));
            return ok();
        });
        REQUIRE_MESSAGE(admitted.has_value(), admitted.error().message());
        return job;
    }
    static std::string line(int number) {
        return R"({"custom_id":")" + std::to_string(number) +
               R"(","method":"POST","url":"/v1/chat/completions","body":{"model":"demo",)"
               R"("messages":[{"role":"user","content":"question )" +
               std::to_string(number) + R"("}]}})";
    }
    static std::vector<std::string> lines(int count) {
        std::vector<std::string> made;
        for (int i = 0; i < count; ++i) made.push_back(line(i));
        return made;
    }
    void answer(const wire::Lease& lease, std::uint64_t first_device_micros = 10) {
        wire::ToCoordinator message;
        for (const auto& item : lease.items()) {
            auto& result = *message.mutable_results()->add_results();
            result.set_lease_id(lease.lease_id());
            result.set_index(item.index());
            result.set_body(
                R"({"choices":[{"index":0,"message":{"content":"4"},"finish_reason":"stop"}],)"
                R"("usage":{"prompt_tokens":5,"completion_tokens":1}})");
            result.set_prompt_tokens(5);
            result.set_generated_tokens(1);
            result.set_device_micros(item.index() == 0 ? first_device_micros : 10);
        }
        grid->node_said(node.id, std::move(message));
    }
    StreamId open_stream(KeptSink& sink) {
        StreamRequest request;
        request.customer = world.customer.id;
        request.model = model;
        request.body = "{}";
        return grid->open_stream(std::move(request), sink);
    }

    testing::TemporaryFolder folder;
    SystemClock clock;
    asio::io_context io;
    store::Blobs blobs = store::Blobs::open(folder.path()).value();
    testing::StoreWorld world;
    store::Node node;
    store::Model model;
    PlayedNode link;
    std::unique_ptr<store::StoreExecutor> store;
    std::unique_ptr<Grid> grid;
};

}  // namespace

TEST_CASE("a job's lines reach the node and its answers the store and the output file") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(3));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    std::size_t answered = 0;
    const auto ended = [&] {
        for (; answered < rig.link.leases().size(); ++answered)
            rig.answer(rig.link.leases()[answered]);
        return !rig.grid->live_counts(job.id).has_value();
    };
    CHECK(rig.link.leases().front().items(0).body().find("question 0") != std::string::npos);
    REQUIRE(rig.until(ended));
    std::ifstream output(rig.blobs.file_path(
        FileId{"file-" + job.id.get().substr(job.id.get().find('_') + 1) + "o"}));
    int lines = 0;
    for (std::string text; std::getline(output, text); ++lines)
        CHECK(text.find("\"custom_id\":\"" + std::to_string(lines) + "\"") != std::string::npos);
    CHECK(lines == 3);
    CHECK(rig.grid->unsaved() == 0);
}

TEST_CASE("an answer that could not be shown to the customer is refused and asked for again") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(1));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    const auto lease = rig.link.leases().front();
    wire::ToCoordinator message;
    auto& result = *message.mutable_results()->add_results();
    result.set_lease_id(lease.lease_id());
    result.set_body(
        R"({"choices":[{"index":0,"message":{"content":"4"},"finish_reason":"stop"}]})");
    result.set_prompt_tokens(5);
    result.set_generated_tokens(1);
    rig.grid->node_said(rig.node.id, std::move(message));
    CHECK(rig.grid->counters().results_refused == 1);
    REQUIRE(rig.until([&] { return rig.link.leases().size() == 2; }));
    rig.answer(rig.link.leases().back());
    CHECK(rig.until([&] { return !rig.grid->live_counts(job.id).has_value(); }));
}

TEST_CASE("a kept answer that cannot be read is an error line and holds up no other") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(2));
    const auto settled = rig.write([&](store::Store& s) -> Status {
        // The body is no engine's reply.
        const std::vector<store::Acceptance> one{rig.world.item(job, 0, Money{1})};
        GLEANER_TRY(s.accept(one));
        return ok();
    });
    REQUIRE_MESSAGE(settled.has_value(), settled.error().message());
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    CHECK(rig.link.leases().front().items_size() == 1);
    rig.answer(rig.link.leases().front());
    REQUIRE(rig.until([&] { return !rig.grid->live_counts(job.id).has_value(); }));
    const auto file = [&](const std::string& kind) {
        const auto& id = job.id.get();
        std::ifstream stream(
            rig.blobs.file_path(FileId{"file-" + id.substr(id.find('_') + 1) + kind}));
        return std::string(std::istreambuf_iterator<char>(stream), {});
    };
    CHECK(file("o").find(R"("custom_id":"1")") != std::string::npos);
    CHECK(file("o").find(R"("custom_id":"0")") == std::string::npos);
    CHECK(file("e").find(R"("custom_id":"0")") != std::string::npos);
    CHECK(file("e").find(R"("status_code":500)") != std::string::npos);
}

TEST_CASE("a slow disk under a job's input does not stop the network thread") {
    Rig rig;
    // A pipe: opening it for reading blocks until somebody opens it for writing.
    const auto path = rig.blobs.file_path(FileId{"file-input"});
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const auto job = rig.admit_lines(1);
    rig.grid->open_job(job);
    rig.join();
    int turns = 0;
    const auto turn = [&] {
        asio::post(rig.io, [&] { ++turns; });
        return turns > 100;
    };
    CHECK(rig.until(turn));
    CHECK_FALSE(rig.grid->live_counts(job.id).has_value());
    // It is being read, and not by this thread.
    int writer = -1;
    CHECK(rig.until([&] {
        writer = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        return writer >= 0;
    }));
    ::close(writer);
}

TEST_CASE("a job that is cancelled while its input is being read is cancelled") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(50));
    rig.join();
    rig.grid->open_job(job);
    CHECK_FALSE(rig.grid->live_counts(job.id).has_value());  // not opened yet
    rig.grid->cancel_job(job.id);
    std::optional<store::JobState> state;
    const auto ended = [&] {
        (void)rig.write([&](store::Store& s) -> Status {
            GLEANER_TRY(const auto now, s.job_by_id(job.id));
            if (now.ended) state = now.state;
            return ok();
        });
        return state.has_value();
    };
    REQUIRE(rig.until(ended));
    CHECK(*state == store::JobState::cancelled);
}

TEST_CASE("while the store cannot write nothing new is lent, and nothing is lost") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(40));
    rig.join(4);
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    const auto limit = [&](std::int64_t bytes) {
        return rig.write([=](store::Store& s) { return s.limit_size(bytes); });
    };
    REQUIRE(limit(1).has_value());
    CHECK_FALSE(rig.grid->stalled());
    std::size_t answered = 0;
    const auto answer_all = [&] {
        for (; answered < rig.link.leases().size(); ++answered)
            rig.answer(rig.link.leases()[answered]);
    };
    // Pages with room take a few settlements before the disk is full.
    REQUIRE(rig.until([&] {
        if (!rig.grid->stalled()) answer_all();
        return rig.grid->stalled().has_value();
    }));
    CHECK(rig.grid->stalled()->find("the store cannot write") != std::string::npos);
    CHECK(rig.grid->totals().store_stalled);
    CHECK(rig.grid->counters().store_stalls == 1);
    answer_all();
    const auto sent = rig.grid->counters().leases_sent;
    CHECK(rig.grid->unsaved() > 0);
    KeptSink sink;
    (void)rig.open_stream(sink);
    REQUIRE(rig.until([&] { return !sink.refused.empty(); }));
    CHECK(sink.refused == "results cannot be saved at the moment");
    CHECK(rig.grid->counters().leases_sent == sent);
    REQUIRE(limit(100'000'000).has_value());
    REQUIRE(rig.until([&] { return !rig.grid->stalled(); }));
    const auto ended = [&] {
        answer_all();
        return !rig.grid->live_counts(job.id).has_value();
    };
    REQUIRE(rig.until(ended));
    CHECK(rig.grid->counters().items_accepted == 40);
    CHECK(rig.grid->unsaved() == 0);
}

TEST_CASE("a settlement that the store refuses fails its item and holds up no other") {
    Rig rig;
    const auto job = rig.admit(Rig::lines(5));
    rig.join();
    rig.grid->open_job(job);
    REQUIRE(rig.until([&] { return !rig.link.leases().empty(); }));
    REQUIRE(rig.link.leases().front().items_size() > 1);
    // Below zero in the store's eyes; from a real node the gateway's check lets none through.
    rig.answer(rig.link.leases().front(), 1ULL << 63U);
    std::size_t answered = 1;
    REQUIRE(rig.until([&] {
        for (; answered < rig.link.leases().size(); ++answered)
            rig.answer(rig.link.leases()[answered]);
        return !rig.grid->live_counts(job.id).has_value();
    }));
    store::JobCounts counts;
    std::size_t violations = 1;
    REQUIRE(rig.write([&](store::Store& s) -> Status {
                   GLEANER_TRY(const auto kept, s.job_by_id(job.id));
                   counts = kept.counts;
                   GLEANER_TRY(const auto report, s.check_ledger());
                   violations = report.violations.size();
                   return ok();
               })
                .has_value());
    CHECK(counts.completed == 4);
    CHECK(counts.failed == 1);
    CHECK(violations == 0);
    CHECK(rig.grid->counters().store_stalls == 0);
    CHECK(rig.grid->unsaved() == 0);
}

TEST_CASE("an online answer that cannot be saved stalls the grid until it is") {
    Rig rig;
    rig.grid->settlement_queued();
    CHECK_FALSE(rig.grid->stalled());
    rig.grid->settlement_failed(true);
    CHECK(rig.grid->stalled());
    rig.grid->settlement_saved();
    CHECK_FALSE(rig.grid->stalled());
    rig.grid->settlement_queued();
    rig.grid->settlement_failed(false);
    CHECK_FALSE(rig.grid->stalled());
    CHECK(rig.grid->unsaved() == 0);
}

TEST_CASE(
    "a node that is lost in the middle of an answer has used its device until its last token") {
    Rig rig;
    rig.join();
    KeptSink sink;
    const auto stream = rig.open_stream(sink);
    REQUIRE(rig.until([&] { return sink.started; }));
    const Time started = rig.clock.now();
    REQUIRE(rig.until([&] { return rig.clock.now() - started > 20ms; }));
    wire::ToCoordinator delta;
    delta.mutable_stream_delta()->set_stream_id(stream.get());
    delta.mutable_stream_delta()->set_data("{}");
    delta.mutable_stream_delta()->set_generated_tokens(1);
    rig.grid->node_said(rig.node.id, std::move(delta));
    const auto worked = static_cast<std::uint64_t>((rig.clock.now() - started).count());
    REQUIRE(rig.until([&] { return rig.clock.now() - started > 120ms; }));
    rig.grid->node_left(rig.node.id, rig.link, core::LeaveCause::lost);
    REQUIRE(sink.device_micros.has_value());
    CHECK(*sink.device_micros >= 20'000);
    CHECK(*sink.device_micros < worked + 20'000);
}
