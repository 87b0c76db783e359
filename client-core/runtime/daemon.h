#pragma once
/// The program around a node: keeps the local socket open, so that the person at the machine can
/// look, pause, join and leave, whether or not there is a node to run.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/control/control_server.h"
#include "client-core/runtime/activity_log.h"
#include "client-core/runtime/benchmark_desk.h"
#include "client-core/runtime/earnings_desk.h"
#include "client-core/runtime/guest_guard.h"
#include "client-core/runtime/node.h"
#include "client-core/runtime/power_keeper.h"
#include "client-core/runtime/sent_book.h"
#include "client-core/runtime/today_count.h"
#include "shared/async/notification.h"
#include "shared/async/task_group.h"

namespace gleaner {

namespace control {
class Join;
class OwnerAccess;
}  // namespace control

/// What node_main has found out.
struct DaemonParts {
    NodeOptions options;
    DataFolder folder;
    std::vector<NodeDevice> devices;
    std::string hardware_fingerprint;
    std::string token;
    std::unique_ptr<Sandbox> sandbox;
    std::filesystem::path gpu_bench_program;
    std::unique_ptr<GuestWatch> watch;  ///< null: nobody but the node is expected here
};

[[nodiscard]] std::vector<WatchedDevice> watched_devices(const std::vector<NodeDevice>& devices);

/// Single-threaded.
class Daemon final : private ControlHandler, private NodeObserver {
public:
    Daemon(DaemonParts parts, const Clock& clock, const boost::asio::any_io_executor& executor);
    ~Daemon() override;

    /// Runs until stop(), or, unless it is to wait for somebody to join, until the node cannot go
    /// on: then the error says what the owner can do.
    [[nodiscard]] boost::asio::awaitable<Status> run();
    /// Hands unfinished work back after the grace; run() then returns.
    void stop();

private:
    // ControlHandler: daemon_control.cpp
    [[nodiscard]] boost::asio::awaitable<void> answer(const control::ToNode& request,
                                                      control::ToProgram& reply) override;
    void describe(control::State& state) const override;
    // NodeObserver
    void node_changed() override;
    void device_failed(const std::string& device, const std::string& why) override;
    void site_policy(const std::string& toml) override;
    void connected() override;
    void enrolling(const Applicant& applicant) override { sent_.note(applicant); }
    void message_sent(const wire::ToCoordinator& message) override { sent_.note(message); }
    void benchmark_verdict(const wire::BenchmarkVerdict& verdict) override;
    void money_told(const wire::NodeMoney& money) override;

    // ---- daemon.cpp ----
    void open_control();
    /// Makes the node do what the guard has decided, and leave alone what is being measured.
    void give_orders();
    void tell_log(const guest::Decision& decision);
    /// Whoever asks for a benchmark is at the machine: that alone does not end it, but what they
    /// start afterwards does.
    void yield_benchmark();
    [[nodiscard]] boost::asio::awaitable<void> let_system_go();
    [[nodiscard]] boost::asio::awaitable<Status> live();
    [[nodiscard]] boost::asio::awaitable<Status> run_node();
    [[nodiscard]] bool has_identity() const;
    /// The coordinator that was joined is the node's from now on, also after a restart.
    [[nodiscard]] Status move_home(const std::string& coordinator);
    void count_today();
    /// Once a minute: what is done while nothing else changes belongs to the day on which it was
    /// done, and the memory of work that is over to the machine.
    [[nodiscard]] boost::asio::awaitable<void> keep_house();
    void limit_node();
    void limit_power();

    // ---- daemon_grid.cpp ----
    void hand_in_reports();
    /// Of so many days, and the usual ones at least.
    void ask_for_money(std::uint32_t days);
    /// Once an hour at most.
    void ask_if_old();
    [[nodiscard]] boost::asio::awaitable<void> ask_hourly();
    [[nodiscard]] EarningSide earning_side() const;
    [[nodiscard]] boost::asio::awaitable<Status> tell_earnings(std::uint32_t days,
                                                               control::ToProgram& reply);

    // ---- daemon_join.cpp ----
    [[nodiscard]] boost::asio::awaitable<Status> read_consent(const control::OwnerAccess& owner,
                                                              control::ToProgram& reply);
    [[nodiscard]] boost::asio::awaitable<Status> join(const control::Join& request);
    [[nodiscard]] boost::asio::awaitable<Status> leave(bool keep_models);
    void leave_now();
    void forget_identity();
    void recall_consent();

    // ---- daemon_control.cpp ----
    [[nodiscard]] boost::asio::awaitable<Status> check_sandbox(control::ToProgram& reply);
    [[nodiscard]] Status start_benchmark(const std::string& device, std::uint32_t soak_seconds);
    [[nodiscard]] std::optional<std::uint32_t> celsius_of(const std::string& device) const;
    [[nodiscard]] Status command(const control::ToNode& request, control::ToProgram& reply);
    void describe_guest(control::State& state) const;
    void fill_settings(control::ToProgram& reply) const;
    void read_log(const control::ToNode& request, control::ToProgram& reply) const;

    // ---- daemon_report.cpp ----
    [[nodiscard]] std::string report() const;

    DaemonParts parts_;
    const Clock& clock_;
    boost::asio::any_io_executor executor_;
    std::string home_;  ///< "host:port" of the coordinator
    ActivityLog log_;
    std::unique_ptr<GuestGuard> guard_;
    BenchmarkDesk benchmarks_;
    guest::Reason benchmark_began_in_ = guest::Reason::none;
    EarningsDesk earnings_;
    SentBook sent_;
    TodayCount today_;
    std::int64_t consent_at_s_ = 0;  ///< given on this machine, since 1970; 0: not here
    Sentence last_why_;              ///< as told to the activity log
    PowerKeeper power_;
    TaskGroup background_;
    std::unique_ptr<ControlServer> control_;
    std::unique_ptr<Node> node_;
    std::string problem_;  ///< why there is no node; empty: there is, or nobody has joined
    bool stopping_ = false;
    bool joining_ = false;
    bool leaving_ = false;
    bool keep_models_ = false;  ///< when leaving
    Notification wake_;
    Notification node_ended_;
};

}  // namespace gleaner
