#include "client-core/platform/sandboxed_run.h"

#include "shared/async/deadline.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

asio::awaitable<Result<ProcessExit>> exit_of(SandboxedProcess& process) {
    const ProcessExit exit = co_await process.wait();
    co_return exit;
}

}  // namespace

asio::awaitable<Result<std::string>> run_in_sandbox(Sandbox& sandbox, SandboxSpec spec,
                                                    Duration limit,
                                                    asio::any_io_executor executor) {
    GLEANER_CO_TRY(auto process, sandbox.start(spec, executor));
    auto ended = exit_of(*process);
    const auto exit = co_await with_deadline(std::move(ended), limit);
    const std::string program = spec.command[0];
    if (!exit) co_return exit.error().within(program);  // the handle's end kills it
    if (!exit.value().clean()) {
        const std::string why = exit.value().out_of_memory
                                    ? std::string("it reached its memory limit")
                                    : process->stderr_tail();
        co_return Error(ErrorCode::failed_precondition,
                        program + " failed in the sandbox (status " +
                            std::to_string(exit.value().code) + "): " + why);
    }
    co_return process->stdout_tail();
}

}  // namespace gleaner
