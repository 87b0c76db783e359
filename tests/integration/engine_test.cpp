// The real llama-server with a real model inside the sandbox.
#include <chrono>
#include <signal.h>

#include "client-core/bench/llama_bench.h"
#include "client-core/engine/device_list.h"
#include "shared/async/deadline.h"
#include "shared/async/task_group.h"
#include "tests/integration/sandbox_stage.h"

namespace gleaner {
namespace {

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
}

const std::string sum_request =
    R"({"messages":[{"role":"user","content":"123+456="}],"max_tokens":8,"temperature":0)";

asio::awaitable<void> chat_and_stream(Stage& stage) {
    auto spec = stage.engine_spec();
    const auto begin = std::chrono::steady_clock::now();
    auto start = EngineProcess::start(*stage.sandbox, std::move(spec), stage.io.get_executor());
    auto engine = co_await std::move(start);
    if (!engine) FAIL(engine.error().message());
    MESSAGE("engine ready after " << milliseconds_since(begin) << " ms");
    EngineClient& client = engine.value()->client();

    auto answer = co_await client.post("/v1/chat/completions", sum_request + "}");
    REQUIRE(answer);
    CHECK(answer.value().status() == 200);
    CHECK(answer.value().body().find("\"finish_reason\"") != std::string::npos);

    std::string last;
    int events = 0;
    EngineClient::OnEvent on_event = [&](std::string_view data) {
        ++events;
        last = data;
        return true;
    };
    auto streamed = co_await client.post_stream("/v1/chat/completions",
                                                sum_request + ",\"stream\":true}", on_event);
    REQUIRE(streamed);
    CHECK(streamed.value().status() == 200);
    CHECK(events > 2);
    CHECK(last == "[DONE]");

    auto wrong = co_await client.post_stream("/v1/chat/completions", "{\"messages\":7}", on_event);
    REQUIRE(wrong);
    CHECK(wrong.value().status() >= 400);
    CHECK(wrong.value().body().find("error") != std::string::npos);

    const int pid = engine.value()->host_pid();
    CHECK(alive(pid));
    const auto stop_begin = std::chrono::steady_clock::now();
    co_await engine.value()->stop(2s);
    MESSAGE("engine stopped in " << milliseconds_since(stop_begin) << " ms");
    CHECK_FALSE(alive(pid));
    CHECK_FALSE(engine.value()->running());
    const EngineExit exit = co_await engine.value()->wait_exit();
    CHECK(exit.cause() == EngineExit::Cause::stopped);
    auto refused = co_await client.get("/health");
    CHECK_FALSE(refused);
}

TEST_CASE("the real engine answers, streams and stops inside the sandbox") {
    Stage stage;
    stage.run(chat_and_stream(stage));
    CHECK(fs::is_empty(stage.folder.path()));
}

asio::awaitable<void> more_requests_than_a_connection_takes(Stage& stage, int& good) {
    auto spec = stage.engine_spec();
    auto start = EngineProcess::start(*stage.sandbox, std::move(spec), stage.io.get_executor());
    auto engine = co_await std::move(start);
    if (!engine) FAIL(engine.error().message());
    for (int i = 0; i < 250; ++i) {
        const auto reply = co_await engine.value()->client().get("/health");
        if (reply && reply.value().ok()) ++good;
    }
    co_await engine.value()->stop(0s);
}

TEST_CASE("the engine's limit of requests on one connection goes unnoticed") {
    Stage stage;
    int good = 0;
    stage.run(more_requests_than_a_connection_takes(stage, good));
    CHECK(good == 250);
}

asio::awaitable<void> long_answer(EngineClient& client, Error& error, int& events) {
    EngineClient::OnEvent on_event = [&events](std::string_view) {
        ++events;
        return true;
    };
    auto reply = co_await client.post_stream(
        "/completion", R"({"prompt":"1","n_predict":100000,"ignore_eos":true,"stream":true})",
        std::move(on_event));
    if (!reply) error = reply.error();
}

asio::awaitable<void> kill_amid_answer(Stage& stage) {
    auto spec = stage.engine_spec();
    spec.options.slots = 1;
    spec.options.context_per_slot = 1 << 17;
    auto start = EngineProcess::start(*stage.sandbox, std::move(spec), stage.io.get_executor());
    auto engine = co_await std::move(start);
    if (!engine) FAIL(engine.error().message());
    TaskGroup group(stage.io.get_executor());
    Error error(ErrorCode::internal, "nothing yet");
    int events = 0;
    CHECK(group.spawn(long_answer(engine.value()->client(), error, events)));
    for (int i = 0; i < 2000 && events < 5; ++i) co_await sleep_for(1ms);
    CHECK(events >= 5);
    const int pid = engine.value()->host_pid();
    ::kill(pid, SIGKILL);  // as a crash would end it: not through our handle
    const auto begin = std::chrono::steady_clock::now();
    const EngineExit exit = co_await engine.value()->wait_exit();
    MESSAGE("death noticed after " << milliseconds_since(begin) << " ms");
    CHECK(exit.cause() == EngineExit::Cause::crashed);
    CHECK(exit.reason().find("signal 9") != std::string::npos);
    co_await group.join();
    CHECK(error.code() == ErrorCode::unavailable);
    CHECK_FALSE(alive(pid));
}

TEST_CASE("an engine that is killed amid an answer is noticed, and the answer fails at once") {
    Stage stage;
    stage.run(kill_amid_answer(stage));
}

/// Slots that the engine says are busy.
asio::awaitable<int> busy_slots(EngineClient& client) {
    auto reply = co_await client.get("/slots");
    if (!reply) co_return -1;
    const std::string body = reply.value().take_body();
    int busy = 0;
    for (auto at = body.find("\"is_processing\":true"); at != std::string::npos;
         at = body.find("\"is_processing\":true", at + 1)) {
        ++busy;
    }
    co_return busy;
}

asio::awaitable<void> cancel_amid_answer(Stage& stage) {
    auto spec = stage.engine_spec();
    spec.options.slots = 1;
    spec.options.context_per_slot = 1 << 17;
    auto start = EngineProcess::start(*stage.sandbox, std::move(spec), stage.io.get_executor());
    auto engine = co_await std::move(start);
    if (!engine) FAIL(engine.error().message());
    TaskGroup group(stage.io.get_executor());
    Error error(ErrorCode::internal, "nothing yet");
    int events = 0;
    CHECK(group.spawn(long_answer(engine.value()->client(), error, events)));
    for (int i = 0; i < 2000 && events < 5; ++i) co_await sleep_for(1ms);
    int busy = co_await busy_slots(engine.value()->client());
    CHECK(busy == 1);
    group.cancel(asio::cancellation_type::terminal);
    co_await group.join();
    CHECK(error.code() == ErrorCode::cancelled);
    for (int i = 0; i < 200 && busy != 0; ++i) {
        co_await sleep_for(5ms);
        busy = co_await busy_slots(engine.value()->client());
    }
    CHECK(busy == 0);  // it stopped generating what nobody reads
    co_await engine.value()->stop(0s);
}

TEST_CASE("a cancelled answer stops the engine's work on it") {
    Stage stage;
    stage.run(cancel_amid_answer(stage));
}

asio::awaitable<void> start_with(Stage& stage, EngineSpec spec, Error& error) {
    auto start = EngineProcess::start(*stage.sandbox, std::move(spec), stage.io.get_executor());
    auto engine = co_await std::move(start);
    if (engine) FAIL("it started");
    error = engine.error();
}

TEST_CASE("a truncated model is refused by the engine and the engine's words are passed on") {
    Stage stage;
    std::ifstream in(model_file(), std::ios::binary);
    std::string half(fs::file_size(model_file()) / 2, '\0');
    in.read(half.data(), static_cast<std::streamsize>(half.size()));
    stage.folder.write("half.gguf", half);
    EngineSpec spec = stage.engine_spec();
    spec.model_file = stage.folder.path() / "half.gguf";
    Error error(ErrorCode::internal, "nothing yet");
    stage.run(start_with(stage, std::move(spec), error));
    INFO(error.message());
    CHECK(error.code() == ErrorCode::failed_precondition);
    CHECK(error.message().find("model") != std::string::npos);
}

TEST_CASE("a context too large for the memory limit is told as want of memory") {
    Stage stage;
    EngineSpec spec = stage.engine_spec();
    spec.limits.memory_bytes = 64ULL << 20;
    spec.options.slots = 16;
    spec.options.context_per_slot = 1 << 20;
    Error error(ErrorCode::internal, "nothing yet");
    stage.run(start_with(stage, std::move(spec), error));
    INFO(error.message());
    CHECK(error.code() == ErrorCode::resource_exhausted);
}

asio::awaitable<void> measure(Stage& stage) {
    LlamaBenchSpec spec;
    spec.engine_dir = engine_dir();
    spec.model_file = model_file();
    auto run = run_llama_bench(*stage.sandbox, std::move(spec), stage.io.get_executor());
    const auto speed = co_await std::move(run);
    if (!speed) FAIL(speed.error().message());
    MESSAGE("prompt " << speed.value().prompt_tokens_per_s << " tokens/s, generation "
                      << speed.value().generated_tokens_per_s << " tokens/s on "
                      << speed.value().device);
    CHECK(speed.value().backends.find("CPU") != std::string::npos);
    auto list = list_engine_devices(*stage.sandbox, engine_dir(), {}, stage.io.get_executor());
    const auto devices = co_await std::move(list);
    if (!devices) FAIL(devices.error().message());
    CHECK(devices.value().empty());  // no GPU was handed in
}

TEST_CASE("llama-bench measures and the engine lists its devices inside the sandbox") {
    Stage stage;
    stage.run(measure(stage));
}

}  // namespace
}  // namespace gleaner
