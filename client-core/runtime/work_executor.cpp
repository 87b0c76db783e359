#include "client-core/runtime/work_executor.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "client-core/runtime/engine_reply.h"
#include "client-core/runtime/wire_words.h"
#include "shared/async/deadline.h"
#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

/// One more while it lives.
class Counted {
public:
    explicit Counted(std::size_t& count) : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

private:
    std::size_t& count_;
};

constexpr Duration exit_wait_limit = 2s;

work::Failure no_engine() {
    return {.code = work::FailureCode::engine_crashed, .message = "the engine is not running"};
}

work::Failure too_large_reply() {
    return {.code = work::FailureCode::request_rejected,
            .message = "the reply is larger than " + std::to_string(wire::item_bytes_max >> 20) +
                       " MiB: ask for less",
            .http_status = 400};
}

asio::awaitable<Result<EngineExit>> exit_of(std::shared_ptr<EngineProcess> engine) {
    auto waiting = engine->wait_exit();
    co_return co_await std::move(waiting);
}

}  // namespace

WorkExecutor::WorkExecutor(work::WorkLoopOptions options, const Clock& clock, WorkPorts& ports,
                           asio::any_io_executor executor)
    : clock_(&clock),
      ports_(&ports),
      loop_(options),
      runs_(executor,
            [](const std::exception_ptr& exception) {
                // Requests turn every error into an outcome: what escapes is a bug.
                std::rethrow_exception(exception);
            }),
      alarm_(executor, asio::steady_timer::time_point::max()) {}

WorkExecutor::~WorkExecutor() = default;

void WorkExecutor::feed(work::Event event) {
    events_.push_back(std::move(event));
    if (std::exchange(feeding_, true)) return;
    while (!events_.empty()) {
        work::Event next = std::move(events_.front());
        events_.pop_front();
        // Streams do not outlive a session, and nothing will ask for their counts.
        if (std::holds_alternative<work::Disconnected>(next)) relayed_.clear();
        auto commands = loop_.on(std::move(next), clock_->now());
        for (work::Command& command : commands) {
            std::visit([this](auto& c) { obey(c); }, command);
        }
    }
    feeding_ = false;
}

asio::awaitable<void> WorkExecutor::run_alarm() {
    while (true) {
        const auto [interrupted] = co_await alarm_.async_wait(asio::as_tuple(asio::use_awaitable));
        if (interrupted) {
            // Set to another time, or cancelled: the state tells.
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) co_return;
            continue;
        }
        alarm_.expires_at(asio::steady_timer::time_point::max());
        feed(work::Tick{});
    }
}

asio::awaitable<void> WorkExecutor::join() {
    runs_.cancel_all();
    co_await runs_.join();
}

void WorkExecutor::obey(work::Wake& command) {
    alarm_.expires_after(std::max(Duration{0}, command.at - clock_->now()));
}

void WorkExecutor::obey(work::StartRun& command) {
    const std::uint64_t number = command.run.get();
    const bool stream = !command.stream.empty();
    auto start = std::make_unique<work::StartRun>(std::move(command));
    runs_.spawn(number, stream ? run_stream(std::move(start)) : run_item(std::move(start)));
}

void WorkExecutor::obey(work::CancelRun& command) {
    runs_.cancel(command.run.get());
}

double WorkExecutor::tokens_per_s(const Sha256& model) const {
    const auto found = rates_.find(model);
    return found == rates_.end() ? 0 : found->second.per_s(clock_->now());
}

void WorkExecutor::end_run(work::RunId run, work::Outcome outcome, std::uint64_t& done) {
    if (outcome.failure.code == work::FailureCode::none) ++done;
    totals_.prompt_tokens += outcome.prompt_tokens;
    totals_.generated_tokens += outcome.generated_tokens;
    feed(work::RunEnded{run, std::move(outcome)});
}

void WorkExecutor::obey(work::SendResults& command) {
    wire::ToCoordinator message;
    to_wire(std::move(command), *message.mutable_results());
    ports_->send(message);
}

void WorkExecutor::obey(work::SendLeaseReturn& command) {
    wire::ToCoordinator message;
    to_wire(std::move(command), *message.mutable_lease_return());
    ports_->send(message);
}

void WorkExecutor::obey(work::SendStreamEnd& command) {
    // A stream that was stopped has no usage of the engine's: what was relayed was produced.
    if (const auto relayed = relayed_.extract(command.stream)) {
        auto& generated = command.outcome.generated_tokens;
        generated = std::max(generated, relayed.mapped());
    }
    wire::ToCoordinator message;
    to_wire(std::move(command), *message.mutable_stream_end());
    ports_->send(message);
}

void WorkExecutor::obey(work::SendCapacity& command) {
    wire::ToCoordinator message;
    to_wire(std::move(command), *message.mutable_capacity());
    message.mutable_capacity()->set_disk_free_bytes(ports_->disk_free_bytes());
    ports_->send(message);
}

void WorkExecutor::obey(work::ShutDownComplete& /*command*/) {
    ports_->shut_down_complete();
}

asio::awaitable<void> WorkExecutor::run_item(std::unique_ptr<work::StartRun> start) {
    const work::RunId run = start->run;
    const Sha256 model = start->model;
    const Counted counted(running_[static_cast<std::size_t>(start->endpoint)]);
    auto asking = ask(ports_->engine_of(model), std::string(engine_route(start->endpoint)),
                      std::move(start->body));
    work::Outcome outcome = co_await std::move(asking);
    rates_[model].add(outcome.generated_tokens, clock_->now());
    end_run(run, std::move(outcome), totals_.items);
}

asio::awaitable<work::Outcome> WorkExecutor::ask(std::shared_ptr<EngineProcess> engine,
                                                 std::string route, std::string body) {
    work::Outcome outcome;
    if (!engine) {
        outcome.failure = no_engine();
        co_return outcome;
    }
    auto posting = engine->client().post(std::move(route), std::move(body));
    auto reply = co_await std::move(posting);
    if (reply && reply.value().body().size() <= wire::item_bytes_max) {
        co_return read_reply(reply.value().status(), reply.value().take_body());
    }
    if (reply) {
        outcome.failure = too_large_reply();
        co_return outcome;
    }
    auto judging = failure_of(std::move(engine), reply.error());
    outcome.failure = co_await std::move(judging);
    co_return outcome;
}

asio::awaitable<work::Failure> WorkExecutor::failure_of(std::shared_ptr<EngineProcess> engine,
                                                        Error error) {
    if (error.code() == ErrorCode::too_large) co_return too_large_reply();
    work::Failure failure{.code = work::FailureCode::engine_crashed, .message = error.message()};
    if (error.code() != ErrorCode::unavailable) co_return failure;
    // It hung up: most likely it ended, and its end tells why.
    auto ending = exit_of(engine);
    auto bounded = with_deadline(std::move(ending), exit_wait_limit);
    const auto exit = co_await std::move(bounded);
    if (!exit) co_return failure;
    if (exit.value().cause() == EngineExit::Cause::out_of_memory) {
        failure.code = work::FailureCode::out_of_memory;
    }
    failure.message = "the engine ended: " + exit.value().reason();
    co_return failure;
}

asio::awaitable<void> WorkExecutor::run_stream(std::unique_ptr<work::StartRun> start) {
    const work::RunId run = start->run;
    const Counted counted(running_[static_cast<std::size_t>(start->endpoint)]);
    const StreamId stream = start->stream;
    TokenRate& rate = rates_[start->model];
    const auto engine = ports_->engine_of(start->model);
    work::Outcome outcome;
    if (!engine) {
        outcome.failure = no_engine();
        end_run(run, std::move(outcome), totals_.streams);
        co_return;
    }
    StreamTokens tokens;
    relayed_[stream] = 0;
    EngineClient::OnEvent relay = [this, &tokens, &rate, stream](std::string_view data) {
        if (!tokens.see(data)) return true;
        if (tokens.failure().code != work::FailureCode::none) return false;
        const auto relayed = relayed_.find(stream);
        if (relayed == relayed_.end()) return false;  // ended meanwhile
        // The engine's last count may be lower than the pieces that came.
        if (tokens.generated() > relayed->second)
            rate.add(tokens.generated() - relayed->second, clock_->now());
        relayed->second = tokens.generated();
        wire::ToCoordinator message;
        message.mutable_stream_delta()->set_stream_id(stream.get());
        message.mutable_stream_delta()->set_data(data.data(), data.size());
        message.mutable_stream_delta()->set_generated_tokens(tokens.generated());
        ports_->send(message);
        return true;
    };
    auto posting = engine->client().post_stream(std::string(engine_route(start->endpoint)),
                                                std::move(start->body), std::move(relay));
    auto reply = co_await std::move(posting);
    if (!reply) {
        auto judging = failure_of(engine, reply.error());
        outcome.failure = co_await std::move(judging);
    } else if (!reply.value().body().empty()) {
        // Not a stream of events: a whole reply, or the engine's refusal.
        outcome = read_reply(reply.value().status(), reply.value().take_body());
        if (outcome.body.size() > wire::item_bytes_max) outcome = {.failure = too_large_reply()};
    } else {
        outcome.failure = tokens.failure();
    }
    outcome.prompt_tokens = std::max(outcome.prompt_tokens, tokens.prompt());
    outcome.generated_tokens = std::max(outcome.generated_tokens, tokens.generated());
    end_run(run, std::move(outcome), totals_.streams);
}

}  // namespace gleaner
