#pragma once
/// The grid with a real store on disk and a node that the test plays: frames in, frames out.

#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "coordinator/runtime/grid.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/proto/wire.pb.h"
#include "shared/tls/key_pair.h"
#include "tests/support/store_world.h"
#include "tests/support/temporary_folder.h"

namespace gleaner::runtime::test {

namespace asio = boost::asio;

class PlayedNode final : public NodeLink {
public:
    void send(const wire::ToNode& message) override {
        if (std::exchange(broken, false)) throw std::runtime_error("cannot be sent");
        frames.push_back(message);
    }
    void close(std::string_view) override {}
    [[nodiscard]] EVP_PKEY* public_key() const override { return key.native(); }

    [[nodiscard]] std::vector<wire::Lease> leases() const {
        std::vector<wire::Lease> found;
        for (const auto& frame : frames)
            if (frame.has_lease()) found.push_back(frame.lease());
        return found;
    }
    std::vector<wire::ToNode> frames;
    tls::KeyPair key = tls::KeyPair::generate().value();
    bool broken = false;  ///< throws once
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
    explicit Rig(double canary_share = 0, std::vector<store::Canary> canaries = {},
                 Duration offered_interval = 1min) {
        const auto path = (folder.path() / "gleaner.db").string();
        {
            auto opened = store::Store::open(path, store::Store::Mode::read_write, clock).value();
            world = testing::StoreWorld::fill(*opened, clock, Money{1'000'000'000}, 1);
            node = opened->node(world.nodes.front()).value();
        }
        store = store::StoreExecutor::start(path, clock, io.get_executor()).value();
        grid = std::make_unique<Grid>(options(canary_share, offered_interval), clock, *store, blobs,
                                      io.get_executor());
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
        grid->model_added(model, std::move(canaries));
    }
    ~Rig() { wait_for(grid->stop()); }

    static Grid::Options options(double canary_share, Duration offered_interval) {
        Grid::Options options;
        options.scheduler.canary_share = canary_share;
        options.offered_interval = offered_interval;
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
    void join(std::uint32_t items = 64) { join(node, link, items); }
    void join(const store::Node& joining, PlayedNode& by, std::uint32_t items = 64) {
        wire::Hello hello;
        hello.set_os("linux");
        hello.set_arch("x86_64");
        auto& device = *hello.add_devices();
        device.set_id("cpu");
        device.set_kind("cpu");
        device.set_name("Test CPU");
        device.set_memory_bytes(1 << 30);
        grid->node_joined(joining, hello, by, 3'600);
        wire::ToCoordinator ready;
        ready.mutable_model_state()->set_sha256(model.sha256.get());
        ready.mutable_model_state()->set_state(wire::ModelState::READY);
        ready.mutable_model_state()->set_device("cpu");
        ready.mutable_model_state()->set_slots(4);
        grid->node_said(joining.id, std::move(ready));
        wire::ToCoordinator capacity;
        auto& window = *capacity.mutable_capacity()->add_windows();
        window.set_model_sha256(model.sha256.get());
        window.set_items(items);
        window.set_streams(4);
        grid->node_said(joining.id, std::move(capacity));
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
        job.replicas = replicas;
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
            job.terms = terms;
            GLEANER_TRY(job, s.admit_job(job, hold));
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
    void answer(const wire::Lease& lease, std::uint64_t first_device_micros = 10,
                const std::function<bool(const wire::Item&)>& which = {}) {
        wire::ToCoordinator message;
        for (const auto& item : lease.items()) {
            if (which && !which(item)) continue;
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

    ledger::JobTerms terms;  ///< of the jobs that are admitted
    Money hold{1'000'000};
    testing::TemporaryFolder folder;
    SystemClock clock;
    asio::io_context io;
    store::Blobs blobs = store::Blobs::open(folder.path()).value();
    testing::StoreWorld world;
    store::Node node;
    store::Model model;
    std::int32_t replicas = 1;  ///< of jobs to be admitted
    PlayedNode link;
    std::unique_ptr<store::StoreExecutor> store;
    std::unique_ptr<Grid> grid;
};

}  // namespace gleaner::runtime::test
